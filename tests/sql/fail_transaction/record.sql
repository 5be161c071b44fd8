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

select * from finish();
rollback;
