\ir ../../support/prelude.sql
begin;
select * from no_plan();

select is(faultline._keep_apart(4242, '{"a": 1}'), true, 'true, as part of an expression');
select results_eq('select job_id, payload from faultline.payloads', $$values (4242::bigint, '{"a": 1}'::jsonb)$$, 'the payload of that job, as it was given');
select throws_ok($$select faultline._keep_apart(4242, '{"a": 2}')$$, '23505', null, 'a job has one');
select throws_ok($$select faultline._keep_apart(4243, null)$$, '23502', null, 'none is none');

select * from finish();
rollback;
