\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Once for each (job, attempt, verb).
select queued('a');
select faultline._record_stale(id('a'), 1, 'complete', runner(1));
select is((e.verb, e.attempt, e.runner, e.detail), ('stale'::text, 1, runner(1), '{"verb": "complete"}'::jsonb), 'recorded') from last_event('a') e;
select faultline._record_stale(id('a'), 1, 'complete', runner(2));
select is(events('a'), 'stale', 'once');
select faultline._record_stale(id('a'), 1, 'fail', runner(1));
select is(events('a'), 'stale stale', 'another verb is another refusal');
select faultline._record_stale(id('a'), 2, 'complete', runner(1));
select is(events('a'), 'stale stale stale', 'another attempt too');
select queued('b');
select faultline._record_stale(id('b'), 1, 'complete', runner(1));
select is(events('b'), 'stale', 'and another job');
select queued('c');
select faultline._record(id('c'), 1, 'fail', runner(1), '{"verb": "complete"}'), faultline._record_stale(id('c'), 1, 'complete', runner(1));
select is(events('c'), 'fail stale', 'only what was refused counts');

select * from finish();
rollback;
