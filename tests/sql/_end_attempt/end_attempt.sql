\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Ends a running attempt; returns the job's new state, or NULL when the fence does not match, and then changes nothing.
create function pg_temp.ends(name text, charge bool default true, retryable bool default true, delay interval default null, error jsonb default null)
returns text language sql as $$ select faultline._end_attempt(id(name), 1, 'fail', charge, retryable, delay, error, null) $$;
select running(n) from unnest(array['retried', 'final', 'uncharged', 'delayed', 'cancelled', 'kept', 'reported']) n;
select running('last', '{"max_attempts": 1}'), running('uncharged last', '{"max_attempts": 1}'), faultline.cancel_job(id('cancelled'));
select is(pg_temp.ends('retried'), 'queued', 'charged: queued');
select ok(((last_event('retried')).detail ->> 'delay')::interval between '0.8 s' and '1 s', 'after its backoff');
select is(pg_temp.ends('last'), 'failed', 'charged, and it was the last: failed');
select is(pg_temp.ends('final', retryable => false), 'failed', 'charged, not retryable: failed');
select is(pg_temp.ends('uncharged', charge => false), 'queued', 'uncharged: queued');
select ok((live('uncharged')).ready_at <= clock_timestamp(), 'at once');
select is(pg_temp.ends('uncharged last', charge => false, retryable => false), 'queued', 'uncharged, it is never final');
select is(pg_temp.ends('delayed', delay => '1 hour'), 'queued', 'a delay');
select ok((live('delayed')).ready_at - clock_timestamp() between '55 min' and '1 hour', 'takes the backoff''s place');
select is(pg_temp.ends('cancelled', error => '{"message": "e"}'), 'cancelled', 'asked to cancel: cancelled');
select is((d.from_state, d.failures, d.error), ('running'::text, 1, '{"message": "e"}'::jsonb), 'charged, with its error') from done('cancelled') d;
select is((live(n)).failures, f, n || ' has failures ' || f) from (values ('retried', 1), ('last', 1), ('final', 1), ('uncharged', 0), ('delayed', 1)) v (n, f);
select is(faultline._end_attempt(id('reported'), 1, 'release', false, true, null, null, runner(9)), 'queued', 'a reporter');
select is((last_event('reported')).runner, runner(9), 'is on record');
select is((last_event('reported')).detail ->> 'lease_owner', runner(1)::text, 'beside the owner of the lease');
select is((last_event('retried')).runner, runner(1), 'without one it is the owner of the lease');

select running('x');
select repeats(format('select faultline._end_attempt(id(''x''), %s, ''fail'', true, true, null, null, null)', n), '', format('attempt %s is not the running one: NULL, nothing changed', n)) from unnest(array[0, 2]) n;
select repeats($$select faultline._end_attempt(id('retried'), 1, 'fail', true, true, null, null, null)$$, '', 'a queued job: NULL, nothing changed');
select repeats($$select faultline._end_attempt(id('last'), 1, 'fail', true, true, null, null, null)$$, '', 'a dead letter: NULL, nothing changed');
select repeats($$select faultline._end_attempt(123456789, 1, 'fail', true, true, null, null, null)$$, '', 'no job: NULL, nothing changed');

select * from finish();
rollback;
