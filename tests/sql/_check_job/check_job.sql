\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- NULL passes everywhere but for the type; the first argument that is out of its limits is named. (Each limit from both
-- sides: see enqueue.)
select lives_ok($$select faultline._check_job('t', null, null, null, null, null, null, null, null, null, null, null)$$, 'NULLs pass');
select lives_ok($$select faultline._check_job('t', '{}', 'default', now(), 1, 1, 'k', '1 s', '{}', '1 s', '{a}', '{}')$$, 'values within the limits pass');
select refuses($$select faultline._check_job(null, null, null, null, null, null, null, null, null, null, null, null)$$, 'FL004', 'type NULL is not a name', 'but not a type that is NULL');
select refuses($$select faultline._check_job('', '[]', '', 'infinity', 0, 0, '', '0', '[]', '0', '{""}', '[]')$$, 'FL004', 'type '''' is not a name', 'the type first');
select refuses($$select faultline._check_job('t', '[]', 'a b', 'infinity', 0, 0, '', '0', '[]', '0', '{""}', '[]')$$, 'FL004', 'queue ''a b'' is not a name', 'then the queue');
select refuses($$select faultline._check_job('t', '[]', 'q', 'infinity', 0, 0, '', '0', '[]', '0', '{""}', '[]')$$, 'FL004', 'the payload is not an object but of type array', 'then the payload');
select lives_ok($$select faultline._check_job('t', jsonb_build_object('a', repeat('x', 262144 - 9)), null, null, null, null, null, null, null, null, null, null)$$, 'a payload of 262144 bytes passes');
select refuses($$select faultline._check_job('t', null, null, null, null, null, null, null, null, null, '{b c}', null)$$, 'FL004', 'tag ''b c'' is not a name', 'one bad tag is enough');
select refuses($$select faultline._check_job('t', null, null, null, null, null, null, null, null, null, array[['a', 'b'], ['c', 'd']], null)$$, 'FL004', 'tags is an array of arrays', 'one list of tags, not several');
select lives_ok($$select faultline._check_job('t', null, null, null, null, null, null, null, null, null, '[5:6]={a,b}', null)$$, 'wherever it begins to count');

select * from finish();
rollback;
