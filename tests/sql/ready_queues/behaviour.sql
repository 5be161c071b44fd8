\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- The names of queues that have queued jobs: each once, in order.
select is_empty('select * from faultline.ready_queues()', 'nothing there');
select queued('b' || n, '{"queue": "b"}') from generate_series(1, 5) n;
select queued('a'), queued('later', '{"run_at": "2100-01-01"}'), queued('paused'), faultline.pause_queue('paused'), running('running'), failed('dead'), queued('p4', '{"priority": 4}');
select answers('select * from faultline.ready_queues()', 'a b later p4 paused', 'each once, in order; due or not, paused or not; nothing that runs or is dead');
select answers('select * from faultline.ready_queues(2)', 'a b', 'at most max');
select answers('select * from faultline.ready_queues(null, null)', 'a b later p4 paused', 'NULLs are the defaults');
select is_empty(format('select * from faultline.ready_queues(%s)', n), 'max ' || n) from unnest(array[0, -1]) n;
select queued('many' || to_char(n, 'FM0000')) from generate_series(1, 1000) n;
select is((select count(*) from faultline.ready_queues()), 1000::bigint, 'a thousand by default');
select is((select count(*) from faultline.ready_queues(null)), 1000::bigint, 'NULL or not');
select is((select count(*) from faultline.ready_queues(2000)), 1005::bigint, 'more if asked for');
select faultline.claim_jobs(array(select faultline.ready_queues(2000)), runner(1), 10000) is not null limit 1;
select repeats('select * from faultline.ready_queues()', 'later paused', 'what is claimed is gone');

-- With a floor: what is below it in the queues it names is not walked; other queues are found all the same.
select queued('floored'), queued('unfloored');
select jsonb_build_object('read_at', clock_timestamp(), 'queues', jsonb_build_object(
         'floored', array_fill(clock_timestamp() + interval '1 hour', array[4]), 'later', array_fill(timestamptz '2050-01-01', array[4]), 'nobody', array[null, null, null, null]))::text as token \gset
select answers(format('select * from faultline.ready_queues(floor => %L)', :'token'), 'later paused unfloored', 'a floor');
select jsonb_build_object('read_at', clock_timestamp() + interval '1 hour', 'queues', jsonb_build_object('floored', array_fill(clock_timestamp() + interval '1 hour', array[4])))::text as token \gset
select answers(format('select * from faultline.ready_queues(floor => %L)', :'token'), 'floored later paused unfloored', 'a token ahead of the clock is no floor');
select refuses('select * from faultline.ready_queues(floor => ''junk'')', 'FL004', '''junk'' is not a token of advance_floor', 'what is no token is refused');
set local role faultline_runner;
select answers('select * from faultline.ready_queues(''1'')', 'floored', 'faultline_runner may');
reset role;
select is(provolatile, 's', 'it is stable: it sees one snapshot') from pg_proc where proname = 'ready_queues' and pronamespace = 'faultline'::regnamespace;

select * from finish();
rollback;
