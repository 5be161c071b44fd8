\ir ../../support/operating.sql
select * from no_plan();

-- Liveness is overdue by more than a minute before it counts.
select job_in('running') as late \gset
select healthy('a lease that holds');
update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '30 s';
select healthy('a lease that has been over for less than a minute');
update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '60.1 s';
select verify_says(array[format('2 lease_overdue: job %s: the lease of runner UUID expired at TIME and nobody took it back', :late)], 'one that has been over for more');
select is(run('select faultline.reap_expired()'), '1', 'the reaper takes it back');
select healthy('and all is well');

-- A transaction that keeps its snapshot looks at the past, and judges it by the time of then.
select job_in('running') as held \gset
begin isolation level repeatable read;
select healthy('a lease that holds');
update faultline.jobs_live set lease_expires_at = transaction_timestamp() - interval '59 s' where job_id = :held;
select healthy('in an old snapshot the minute ends when the transaction began');
update faultline.jobs_live set lease_expires_at = transaction_timestamp() - interval '61 s' where job_id = :held;
select isnt_empty('select from faultline.verify()', 'a lease that was overdue then, is');
update faultline.jobs_live set lease_expires_at = clock_timestamp() + interval '1 minute' where job_id = :held;
commit;

select * from finish();
