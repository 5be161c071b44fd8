\ir ../../support/operating.sql
begin;
select * from no_plan();

-- A backlog of millions costs what 10 000 jobs do, and the sentence says so.
select faultline.register_runner(gen_random_uuid(), 'h', 1, 'v');
select faultline.enqueue_many(jsonb_agg('{"type": "t"}'::jsonb)) from generate_series(1, 9999) \g /dev/null
select job_in('queued') as last \gset
select is(faultline.why(:last) ->> 'why', 'it is ready and waits for its turn: 9999 jobs are before it in queue default', '9999 are counted');
select faultline.enqueue('t', priority => 1) \g /dev/null
select is(faultline.why(:last) ->> 'why', 'it is ready and waits for its turn: 10000 jobs or more are before it in queue default', 'at 10 000 counting ends');
select faultline.enqueue('t', priority => 1) \g /dev/null
select is(faultline.why(:last) ->> 'why', 'it is ready and waits for its turn: 10000 jobs or more are before it in queue default', 'beyond too');

select * from finish();
rollback;
