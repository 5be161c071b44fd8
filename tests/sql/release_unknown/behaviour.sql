\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- What a runner holds and does not know of goes back, uncharged.
select running('known'), running('lost', '{"max_attempts": 1}'), running('lost too'), running('of another', runner => 2), queued('waiting'), failed('dead');
select running('lost and late'); select expired('lost and late');
select is(faultline.release_unknown(runner(1), ids('known')), 3::bigint, 'three replies were lost');
select is(state_of(n), s, n || ' is ' || s)
from (values ('known', 'running'), ('lost', 'queued'), ('lost too', 'queued'), ('lost and late', 'queued'), ('of another', 'running'), ('waiting', 'queued'), ('dead', 'failed')) v (n, s);
select is((a.attempt, a.failures, a.lease_owner, a.lease_expires_at), (1, 0, null::uuid, null::timestamptz), 'nothing is charged') from live('lost') a;
select ok((live('lost')).ready_at <= clock_timestamp(), 'and it is ready at once');
select is((e.verb, e.attempt, e.runner, e.detail ->> 'outcome'), ('release'::text, 1, runner(1), 'queued'::text), 'on record') from last_event('lost') e;
select is(events('known'), '', 'the others are not');
select repeats($$select faultline.release_unknown(runner(1), ids('known'))$$, '0', 'again: it finds nothing');
select repeats($$select faultline.release_unknown(runner(3), '{}')$$, '0', 'a runner that holds nothing');
select repeats($$select faultline.release_unknown(runner(1), ids('known', 'of another', 'waiting') || array[123456789])$$, '0', 'known may name what it does not hold');
select is(faultline.release_unknown(runner(1), '{}'), 1::bigint, 'who knows of nothing gives all back');
select is(state_of('known'), 'queued', 'all');
select repeats($$select faultline.release_job(id('known'), 1)$$, 'repeat', 'the attempt''s own release is a repeat');
select running('to cancel'); select faultline.cancel_job(id('to cancel'));
select is(faultline.release_unknown(runner(1), '{}'), 1::bigint, 'what someone wants cancelled');
select is(state_of('to cancel'), 'cancelled', 'ends cancelled');
select running('x');
select refuses($$select faultline.release_unknown(null, '{}')$$, 'FL004', 'runner is NULL', 'no runner');
select refuses('select faultline.release_unknown(runner(1), null)', 'FL004', 'known is NULL or has a NULL in it', 'no list: that can''t mean nothing is known');
select refuses($$select faultline.release_unknown(runner(1), ids('x') || array[null::bigint])$$, 'FL004', 'known is NULL or has a NULL in it', 'a NULL in it would make nothing unknown');
set local role faultline_runner;
select is(faultline.release_unknown('00000000-0000-4000-8000-000000000001', '{}'), 1::bigint, 'faultline_runner may; untyped literals do');
reset role;

select * from finish();
rollback;
