\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- An expired lease is charged like a failure: backoff, dead letter at the last.
select running('a', '{"max_attempts": 2, "backoff": {"kind": "fixed", "delay": "1 hour", "jitter": 0}}'), running('alive');
select repeats('select faultline.reap_expired()', '0', 'a lease in the future is untouched');
select expired('a');
select (live('a')).lease_expires_at as deadline \gset
select is(faultline.reap_expired(), 1::bigint, 'one has passed');
select is((a.state, a.attempt, a.failures, a.lease_owner, a.lease_expires_at), ('queued'::text, 1, 1, null::uuid, null::timestamptz), 'queued again, charged, without a lease') from live('a') a;
select is(a.error, jsonb_build_object('type', 'LeaseExpired', 'message', format('runner %s did not report or beat before %s', runner(1), :'deadline'::timestamptz)), 'with an error that says who and when') from live('a') a;
select ok(a.ready_at - clock_timestamp() between '55 min' and '1 hour', 'after the same backoff as a failure') from live('a') a;
select is((e.verb, e.attempt, e.runner, e.detail ->> 'outcome', e.detail ->> 'failures'), ('expire'::text, 1, runner(1), 'queued'::text, '1'::text), 'on record') from last_event('a') e;
select is((state_of('alive'), events('alive')), ('running'::text, ''::text), 'the one alive is untouched');
select repeats('select faultline.reap_expired()', '0', 'again: nothing');
select is(claimed('a', 2), 2, 'the next attempt');
select expired('a');
select is(faultline.reap_expired(), 1::bigint, 'expires too');
select is((a.state, a.attempt, a.failures, a.finished_at is not null, a.error ->> 'type'), ('failed'::text, 2, 2, true, 'LeaseExpired'::text), 'a dead letter at the last: crashes count, and are bounded') from live('a') a;
select is(events('a'), 'expire expire', 'on record');
select repeats('select faultline.reap_expired()', '0', 'dead letters are not reaped');

select running('just now'); select expired('just now', '0');
select is(faultline.reap_expired(), 1::bigint, 'by the clock''s time, not that of the transaction''s start');

select running('mixed', '{"max_attempts": 3}'); select faultline.fail_job(id('mixed'), 1, '{}'), claimed('mixed'), expired('mixed'); select faultline.reap_expired();
select is((live('mixed')).failures, 2, 'failures and expiries are counted together');

select running('to cancel'); select faultline.cancel_job(id('to cancel')), expired('to cancel');
select is(faultline.reap_expired(), 1::bigint, 'what someone wants cancelled');
select is((d.state, d.failures, d.error ->> 'type'), ('cancelled'::text, 1, 'LeaseExpired'::text), 'ends cancelled') from done('to cancel') d;

-- max bounds the work; the oldest deadline first.
select running('m' || n), expired('m' || n, n * interval '1 second') from generate_series(1, 5) n;
select is(faultline.reap_expired(max => 2), 2::bigint, 'at most max');
select is((select string_agg(n::text, ' ' order by n) from generate_series(1, 5) n where state_of('m' || n) = 'queued'), '4 5', 'the longest overdue first');
select is(faultline.reap_expired(null, null), 3::bigint, 'NULLs are the defaults: all that are left');
select refuses(format('select faultline.reap_expired(%s)', n), 'FL004', format('max %s is out of bounds', n), 'max ' || n) from unnest(array[0, -1, 10001, 2147483647]) n;
select lives_ok(format('select faultline.reap_expired(%s)', n), 'max ' || n) from unnest(array[1, 10000]) n;

-- The floor bounds the walk from below.
select running('below'), expired('below', '1 hour'), running('above'), expired('above', '1 minute');
select jsonb_build_object('read_at', clock_timestamp(), 'lease', clock_timestamp() - interval '10 minutes')::text as token \gset
select is(faultline.reap_expired(floor => :'token'), 1::bigint, 'with a floor');
select is((state_of('below'), state_of('above')), ('running'::text, 'queued'::text), 'what is below it is not looked at');
select jsonb_build_object('read_at', clock_timestamp() + interval '1 hour', 'lease', clock_timestamp())::text as token \gset
select is(faultline.reap_expired(floor => :'token'), 1::bigint, 'a token ahead of the clock is no floor');
select running('at'); select expired('at');
select jsonb_build_object('read_at', clock_timestamp(), 'lease', (live('at')).lease_expires_at)::text as token \gset
select is(faultline.reap_expired(floor => :'token'), 1::bigint, 'a lease at the floor itself is seen');
select refuses($$select faultline.reap_expired(floor => 'junk')$$, 'FL004', '''junk'' is not a token of advance_floor', 'what is no token is refused');

-- A job that can't be retried for its own reasons must not keep the others from it.
select running('odd', '{"backoff": {"jitter": 1e-400}}'), expired('odd', '1 hour'), running('even'), expired('even');
select is(faultline.reap_expired(), 2::bigint, 'the tiniest jitter stops nobody');

select running(n), expired(n) from unnest(array['r', 'o']) n;
set local role faultline_runner;
select is(faultline.reap_expired('1'), 1::bigint, 'faultline_runner may');
set local role faultline_operator;
select is(faultline.reap_expired(), 1::bigint, 'faultline_operator may');
set local role faultline_producer;
select throws_ok('select faultline.reap_expired()', '42501', 'permission denied for function reap_expired', 'faultline_producer may not');
reset role;

select * from finish();
rollback;
