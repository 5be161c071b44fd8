\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- How long a runner may sleep.
create function pg_temp.next(queues text[]) returns text language sql
as $$ select case when r is null then 'none' when r <= '0' then 'not positive' else ceil(extract(epoch from r) / 3600)::text || ' h' end from faultline.next_ready(queues) r $$;
select is(pg_temp.next('{q}'), 'none', 'nothing there');
select queued('ready', '{"queue": "q"}'), running('running'), failed('dead');
select is(pg_temp.next('{q,running,dead}'), 'none', 'what is ready, runs or is dead does not count');
select queued('in 3', jsonb_build_object('queue', 'q', 'run_at', clock_timestamp() + interval '3 hours'));
select is(pg_temp.next('{q}'), '3 h', 'the job to come');
select queued('in 5', jsonb_build_object('queue', 'q', 'run_at', clock_timestamp() + interval '5 hours')), queued('in 2', jsonb_build_object('queue', 'r', 'run_at', clock_timestamp() + interval '2 hours'));
select is(pg_temp.next('{q}'), '3 h', 'the first of them');
select is(pg_temp.next('{q,r}'), '2 h', 'of all the queues asked for');
select is(pg_temp.next('{r,q}'), '2 h', 'in whatever order');
select queued('level ' || p, jsonb_build_object('queue', 'levels', 'priority', p, 'run_at', clock_timestamp() + p * interval '1 hour')) from generate_series(1, 4) p;
select is(pg_temp.next('{levels}'), '1 h', 'of all levels');
select faultline.cancel_job(id('level ' || p)) from generate_series(1, 3) p;
select is(pg_temp.next('{levels}'), '4 h', 'whichever it is');
select is(pg_temp.next(null), 'none', 'no queues');
select is(pg_temp.next('{}'), 'none', 'none at all');
select is(pg_temp.next(array[null, 'r']), '2 h', 'a NULL is no queue');
select queued('in 1', jsonb_build_object('queue', 'q', 'run_at', clock_timestamp() + interval '1 hour'));
select is(pg_temp.next('{q}'), '1 h', 'the first of them is not the first that was made');
select repeats($$select faultline.next_ready('{q}') is null$$, 'f', 'changes nothing');
set local role faultline_runner;
select ok(faultline.next_ready('{q}') is not null, 'faultline_runner may');
reset role;
select is(provolatile, 's', 'it is stable: it sees one snapshot') from pg_proc where proname = 'next_ready' and pronamespace = 'faultline'::regnamespace;

select * from finish();
rollback;
