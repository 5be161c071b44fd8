\ir ../../support/ledger.sql
select * from no_plan();

-- Promise 9. Liveness is overdue by more than a minute before it counts; reconcile makes all of it well.
create function tap.ago(statement text, how_long interval) returns void language plpgsql as $$
begin
  set local session_replication_role = replica;
  execute format(statement, clock_timestamp() - how_long);
  set local session_replication_role = origin;
end
$$;

-- Due, and nobody looks.
select at_work('due'), job_ends('due', 'succeeded') \g /dev/null
select ago('update faultline.transactions set due_at = %L', '55 s') \g /dev/null
select healthy('due for less than a minute');
select ago('update faultline.transactions set due_at = %L', '60.1 s') \g /dev/null
select verify_says('{"9 settled_too_late: transaction ''due'': it is INIT and should have been settled at TIME"}', 'due for more than a minute');
select is(reconciled(false), 'due INIT→FAILED', 'reconcile settles it');
select healthy('and all is well');

-- INIT, and its job is over, or never was.
select at_work(n), job_ends(n, 'succeeded') from unnest(array['over', 'pruned']) n \g /dev/null
select at_work(n), job_ends(n, 'never was') from unnest(array['gone']) n \g /dev/null
select ago('update faultline.transactions set due_at = null, job_state = null, created_at = %L', '1 day') \g /dev/null
select is(count(*), 3::bigint, 'one that is settled is none of these') from faultline.transactions where state = 'INIT';
select verify_says(array[format('9 init_outlives_job: transaction ''gone'': it is INIT, and there is no job %s', (transaction('gone')).job_id)], 'its job never was; the others have ended just now');
select ago('delete from faultline.jobs_done where job_id = (select job_id from faultline.transactions where transaction_id = ''pruned''); update faultline.transactions set job_state = ''succeeded'' where transaction_id = ''pruned''', '0') \g /dev/null
select ago('update faultline.jobs_done set finished_at = %L', '60.1 s') \g /dev/null
select faultline.maintain() \g /dev/null
select verify_says(array[
  format('9 init_outlives_job: transaction ''gone'': it is INIT, and there is no job %s', (transaction('gone')).job_id),
  format('9 init_outlives_job: transaction ''over'': it is INIT, and there is no job %s', (transaction('over')).job_id),
  format('9 init_outlives_job: transaction ''pruned'': it is INIT, its job %s ended succeeded, and no effect of it is waited for', (transaction('pruned')).job_id)], 'one that ended more than a minute ago, and one that was pruned');
select is(reconciled(), 'gone INIT→INIT, over INIT→FAILED, pruned INIT→FAILED', 'a sweep finds all of them');
select faultline.maintain() \g /dev/null
select healthy('and all is well');
-- With a SENT effect it waits for the outside, as long as somebody asks.
select at_work('asked'), outside('asked', 'SENT'), job_ends('asked', 'succeeded'), reconciled() \g /dev/null
select ago('update faultline.transactions set created_at = %L where transaction_id = ''asked''', '1 day') \g /dev/null
delete from faultline.jobs_done;
select healthy('it waits for the outside');
select ago('update faultline.effects set ask_at = null', '0') \g /dev/null
select verify_says(array[format('9 init_outlives_job: transaction ''asked'': it is INIT, its job %s ended succeeded, and no effect of it is waited for', (transaction('asked')).job_id)], 'nobody asks');
select reconciled() \g /dev/null
select healthy('reconcile has it asked for');

-- INIT with an entry.
select at_work('entered') \g /dev/null
insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) values ('entered', id('entered'), 1, '{}', clock_timestamp() - interval '55 s');
select healthy('INIT with an entry of less than a minute');
select ago('update faultline.ledger_entries set applied_at = %L', '60.1 s') \g /dev/null
select verify_says(array[format('9 init_with_entry: transaction ''entered'': it is INIT, but entry %s says that it has happened', (entry('entered')).entry_id)], 'of more');
select is(reconciled(), 'entered INIT→APPLIED', 'reconcile believes the entry');
select healthy('and all is well');

-- APPLIED, and its job has not been running for long.
select healthy('APPLIED, its job runs');
select job_ends('entered', 'queued') \g /dev/null
select ago('update faultline.transactions set due_at = null', '0') \g /dev/null
select healthy('its job has been queued just now');
select ago('update faultline.jobs_live set ready_at = %L', '60.1 s') \g /dev/null
select isnt_empty('select from violations() v where v like ''9 applied_not_reconciled: transaction ''''entered''''%''', 'for more than a minute');
select ago('delete from faultline.jobs_live', '0') \g /dev/null
select verify_says(array[format('9 applied_not_reconciled: transaction ''entered'': it is APPLIED, and its job %s has not been running for more than a minute', (transaction('entered')).job_id),
  format('9 init_outlives_job: transaction ''gone'': it is INIT, and there is no job %s', (transaction('gone')).job_id)], 'and without its job') from (select ago('update faultline.transactions set created_at = %L', '1 day')) v;
select is(reconciled(), 'entered APPLIED→RECONCILED, gone INIT→INIT', 'reconcile settles it');
select healthy('and all is well');

-- A transaction that keeps its snapshot looks at the past, and judges it by the time of then.
select at_work('held'), job_ends('held', 'succeeded') \g /dev/null
begin isolation level repeatable read;
select ago('update faultline.transactions set due_at = transaction_timestamp() - interval ''59 s'' where transaction_id = ''held''', '0') \g /dev/null
select healthy('in an old snapshot the minute ends when the transaction began');
select ago('update faultline.transactions set due_at = transaction_timestamp() - interval ''61 s'' where transaction_id = ''held''', '0') \g /dev/null
select isnt_empty('select from faultline.verify()', 'what was overdue then, is');
select ago('update faultline.transactions set due_at = %L where transaction_id = ''held''', '0') \g /dev/null
commit;

select * from finish();
