\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Extends the leases of what the runner still holds.
create function pg_temp.beat(names text[], attempts int[] default null, lease interval default null, runner int default 1) returns text language sql
as $$
select string_agg(coalesce(name_of(job_id), 'nobody') || ' ' || verdict || case when cancel_requested then ' cancel' else '' end, ', ')
from faultline.heartbeat(runner(beat.runner), ids(variadic names), coalesce(attempts, array_fill(1, array[cardinality(names)])), beat.lease)
$$;
select running('a'), running('b'), running('of another', runner => 2), running('lost'), running('not named'), running('to cancel'), queued('waiting'), running('done');
select faultline.release_job(id('lost'), 1), claimed('lost', 2), faultline.cancel_job(id('to cancel')), faultline.complete_job(id('done'), 1);
select is(pg_temp.beat('{b,to cancel,a,of another,lost,waiting,done}', '{1,1,1,1,1,0,1}', '1 hour'),
          'b ok, to cancel ok cancel, a ok, of another stale, lost stale, waiting stale, done stale', 'each has its verdict, in order');
select ok((live(n)).lease_expires_at - clock_timestamp() between '55 min' and '1 hour', n || ' has its lease for another hour') from unnest(array['a', 'b', 'to cancel']) n;
select ok((live(n)).lease_expires_at - clock_timestamp() < '31 s', n || ' has not') from unnest(array['of another', 'lost', 'not named']) n;
select cmp_ok((live('a')).lease_expires_at, '>', now() + interval '1 hour', 'counted from the clock''s time, not from the transaction''s start');
select is(events(n), 'stale', n || ': the refusal is recorded') from unnest(array['of another', 'waiting', 'done']) n;
select is((e.attempt, e.runner, e.detail), (1, runner(1), '{"verb": "heartbeat"}'::jsonb), 'with its runner') from last_event('of another') e;
select is(events('a'), '', 'a beat is nothing out of the ordinary: no event');
select pg_temp.beat('{of another,waiting,done}', '{1,0,1}');
select is(events(n), 'stale', n || ': once, however often it beats') from unnest(array['of another', 'waiting', 'done']) n;
select is((live('a')).attempt, 1, 'a beat is no new attempt');

-- Never shortens.
select (live('a')).lease_expires_at as far \gset
select is(pg_temp.beat('{a}', '{1}', '1 second'), 'a ok', 'a shorter lease');
select is((live('a')).lease_expires_at, :'far'::timestamptz, 'does not shorten');

-- lease: 1 s to 24 h, else what the settings say.
select running('short');
select is(pg_temp.beat('{short}', '{1}', '24 hours'), 'short ok', 'a lease of 24 hours');
select ok((live('short')).lease_expires_at - clock_timestamp() between '23:55:00' and '24:00:00', 'is as long');
select refuses(format('select * from faultline.heartbeat(runner(1), ids(''a''), array[1], %L)', i), 'FL004', format('lease %s is out of bounds', i), 'a lease of ' || i)
from unnest(array['0', '999 milliseconds', '-1 hour', '24 hours 1 microsecond', '178000000 years']::interval[]) i;
select lives_ok($$select * from faultline.heartbeat(runner(1), ids('a'), array[1], '1 second')$$, 'a lease of 1 second');
select current_setting('server_version_num')::int >= 170000 as has_infinity \gset
\if :has_infinity
select refuses(format('select * from faultline.heartbeat(runner(1), ids(''a''), array[1], %L)', i), 'FL004', format('lease %s is out of bounds', i), 'a lease of ' || i) from unnest(array['infinity', '-infinity']) i;
\endif
select running('default'); select expired('default');
select faultline.set_settings('{"lease": "2 hours"}') is not null;
select is(pg_temp.beat('{default}'), 'default ok', 'after the deadline, as long as nobody took the lease away');
select ok((live('default')).lease_expires_at - clock_timestamp() between '115 min' and '2 hours', 'without a lease it is what the settings say');

-- By attempt too: who lost an attempt and claimed the job again beats for both.
select running('again'); select faultline.release_job(id('again'), 1), claimed('again', 1);
select is(pg_temp.beat('{again,again}', '{1,2}'), 'again stale, again ok', 'the old attempt is stale, the new one is not');
select is(pg_temp.beat('{again,again}', '{2,2}'), 'again ok, again ok', 'one twice');
select answers('select verdict, cancel_requested from faultline.heartbeat(runner(1), array[123456789], array[1])', 'stale,f', 'an unknown job is stale');
select is((select count(*) from faultline.job_events where job_id = 123456789), 1::bigint, 'on record');
select (live('again')).lease_expires_at as lease \gset
select is(pg_temp.beat('{again}', '{1}', '24 hours'), 'again stale', 'a beat for the old attempt alone');
select is((live('again')).lease_expires_at, :'lease'::timestamptz, 'does not extend the lease of the new one');
select expired('again'); select faultline.reap_expired();
select is(pg_temp.beat('{again}', '{2}'), 'again stale', 'stale once it was reaped');

-- What can't be a beat.
select is_empty($$select * from faultline.heartbeat(runner(1), '{}', '{}')$$, 'a beat for nothing has no verdicts');
select is_empty('select * from faultline.heartbeat(runner(1), null, null)', 'nor has none');
select refuses($$select * from faultline.heartbeat(null, ids('a'), array[1])$$, 'FL004', 'runner is NULL', 'no runner');
select refuses($$select * from faultline.heartbeat(runner(1), ids('a'), array[1, 1])$$, 'FL004', 'job_ids has 1 elements, attempts 2', 'other lengths');
select refuses($$select * from faultline.heartbeat(runner(1), ids('a'), null)$$, 'FL004', 'job_ids has 1 elements, attempts 0', 'no attempts');
select refuses('select * from faultline.heartbeat(runner(1), null, array[1])', 'FL004', 'job_ids has 0 elements, attempts 1', 'no jobs');
select refuses($$select * from faultline.heartbeat(runner(1), array[null::bigint], array[1])$$, 'FL004', 'job_ids or attempts has a NULL in it', 'a job that is NULL');
select refuses($$select * from faultline.heartbeat(runner(1), ids('a'), array[null::int])$$, 'FL004', 'job_ids or attempts has a NULL in it', 'an attempt that is NULL');
select refuses('select * from faultline.heartbeat(runner(1), array_fill(1::bigint, array[10001]), array_fill(1, array[10001]))', 'FL004', 'the beat has 10001 jobs', '10 001 jobs');
select is((select count(*) from faultline.heartbeat(runner(1), array_fill(id('a'), array[10000]), array_fill(1, array[10000])) where verdict = 'ok'), 10000::bigint, '10 000 are not too many');
select id('a') as id \gset
set local role faultline_runner;
select answers(format($$select verdict from faultline.heartbeat('00000000-0000-4000-8000-000000000001', '{%s}', '{1}', '5 s')$$, :id), 'ok', 'faultline_runner may; untyped literals do');
reset role;

select * from finish();
rollback;
