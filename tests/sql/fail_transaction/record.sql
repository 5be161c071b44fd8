\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- Each is on record once, with its job.
select submitted('a'), submitted('b'), faultline.fail_transaction('a', 'first'), faultline.fail_transaction('b', 'second'), faultline.fail_transaction('a', 'third');
select results_eq($$select job_id, attempt, detail from faultline.job_events where verb = 'fail_transaction' order by event_id$$,
  $$values ((transaction('a')).job_id, null::int, '{"transaction_id": "a", "reason": "first"}'::jsonb), ((transaction('b')).job_id, null, '{"transaction_id": "b", "reason": "second"}')$$, 'on record');

-- APPLIED without an entry, which can't be: it is not burnt.
select submitted('corrupt');
update faultline.transactions set state = 'APPLIED' where transaction_id = 'corrupt';
select refuses($$select faultline.fail_transaction('corrupt', 'r')$$, 'FL003', 'transaction ''corrupt'' has its entry: it has happened and can not fail', 'what is APPLIED has happened');

-- A job that names it, but is not its own, is left alone: its own is over.
select queued('stray'), at_work('over'), job_ends('over', 'succeeded');
update faultline.jobs_live set transaction_id = 'over' where job_id = id('stray');
select is((faultline.fail_transaction('over', 'r'), state_of('stray')), ('FAILED'::text, 'queued'::text), 'a job that only names it is not its job');

select * from finish();
rollback;
