\ir ../../support/ledger.sql
select * from no_plan();

-- Promise 8: what has failed has neither an entry nor an effect.
select at_work(n), outside(n, n) from unnest(array['INIT', 'ABSENT', 'SENT', 'APPLIED']) n \g /dev/null
select at_work('none') \g /dev/null
select faultline.fail_transaction(n, 'r') from unnest(array['INIT', 'ABSENT', 'none']) n \g /dev/null
select healthy('failed, with an effect that never left, or that the outside refuses');
set session_replication_role = replica;
update faultline.transactions set state = 'FAILED', reason = 'r', settled_at = now() where transaction_id in ('SENT', 'APPLIED');
set session_replication_role = origin;
select verify_says('{"8 failed_with_effect: transaction ''SENT'': it is FAILED, and its effect charge is SENT","8 failed_with_effect: transaction ''APPLIED'': it is FAILED, and its effect charge is APPLIED"}',
  'failed, though it may have happened, or has');
set session_replication_role = replica;
update faultline.effects set state = 'ABSENT', settled_at = now() where state <> 'INIT';
set session_replication_role = origin;
insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) values ('none', id('none'), 1, '{}', now());
select verify_says(array[format('8 failed_with_entry: transaction ''none'': it is FAILED, and entry %s says that it has happened', (entry('none')).entry_id)], 'failed, with an entry');

select * from finish();
