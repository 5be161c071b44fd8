\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- All or nothing: one bad payload, and the error names its place.
select refuses(format('select faultline.enqueue_bulk(''t'', %L)', format('[{"kept": true}, %s, {"n": 1}]', payload)), 'FL004',
               'the payload of job 2 is not an object but of type ' || jsonb_typeof(payload::jsonb), 'refused, and with it its whole array: ' || payload)
from unnest(array['5', 'null', '"t"', '[]', '[{}]', 'true']) payload;
select refuses(format('select faultline.enqueue_bulk(''t'', %L)', format('[{}, {"a": "%s"}, 5]', repeat('x', 262145 - 9))), 'FL004',
               'the payload of job 2 has 262145 bytes as text', 'the first of several is named');
select lives_ok(format('select faultline.enqueue_bulk(''t'', %L)', format('[{"a": "%s"}]', repeat('x', 262144 - 9))), 'a payload of 262144 bytes');
select is((select count(*) from faultline.jobs_live where payload ? 'kept'), 0::bigint, 'nothing is left of those that were refused');
select is(hint_of(format('select faultline.enqueue_bulk(''t'', jsonb_build_array(jsonb_build_object(''a'', repeat(''x'', 262144))))')),
          'At most 262144 (256 KiB): store the data elsewhere and enqueue a reference', 'what to do about a payload that is too big');
select is(hint_of($$select faultline.enqueue_bulk('t', '[1]')$$), 'Put the value under a name, as in {"value": …}', 'and about one that is no object');

-- What holds for all of them.
select refuses(format('select faultline.enqueue_bulk(%s)', arguments), 'FL004', message, 'refused: ' || arguments)
from (values
  ($$null, '[{}]'$$, 'type NULL is not a name'),
  ($$'a b', '[{}]'$$, 'type ''a b'' is not a name'),
  ($$'a b', '[]'$$, 'type ''a b'' is not a name'),
  ($$'t', '[{}]', 'a/b'$$, 'queue ''a/b'' is not a name'),
  ($$'t', '[{}]', run_at => 'infinity'$$, 'run_at infinity is not a time'),
  ($$'t', '[{}]', priority => 0$$, 'priority 0 is out of bounds'),
  ($$'t', '[{}]', priority => 5$$, 'priority 5 is out of bounds'),
  ($$'t', '[{}]', max_attempts => 0$$, 'max_attempts 0 is out of bounds'),
  ($$'t', '[{}]', max_attempts => 101$$, 'max_attempts 101 is out of bounds'),
  ($$'t', '[{}]', backoff => '[]'$$, 'backoff [] is not an object'),
  ($$'t', '[{}]', timeout => '-1s'$$, 'timeout -00:00:01 is out of bounds'),
  ($$'t', '[{}]', tags => '{a b}'$$, 'tag ''a b'' is not a name'),
  ($$'t', '[{}]', headers => '[]'$$, 'headers is not an object but of type array'),
  ($$'t', null$$, 'payloads is not an array but NULL'),
  ($$'t', '{}'$$, 'payloads is not an array but of type object'),
  ($$'t', 'null'$$, 'payloads is not an array but of type null'),
  ($$'t', '5'$$, 'payloads is not an array but of type number')
) v (arguments, message);
select lives_ok($$select faultline.enqueue_bulk('t', '[{}]', priority => 1, max_attempts => 1), faultline.enqueue_bulk('t', '[{}]', priority => 4, max_attempts => 100)$$, 'the bounds themselves');

-- In a transaction that goes on.
savepoint s;
select faultline.enqueue_bulk('t', '[{"name": "gone"}]') as gone \gset
rollback to s;
select is(state_of('gone'), null, 'rolled back, it never happened');
set local role faultline_producer;
select lives_ok($$select faultline.enqueue_bulk('t', '[{}]')$$, 'faultline_producer may');
reset role;
set local role faultline_observer;
select throws_ok($$select faultline.enqueue_bulk('t', '[]')$$, '42501', 'permission denied for function enqueue_bulk', 'faultline_observer may not');
reset role;

select * from finish();
rollback;
