\ir ../../support/operating.sql
select * from no_plan();

select job_in('running') as nobodys, job_in('running') as endless, job_in('queued') as held, job_in('failed') as dead \gset
select healthy('jobs as the verbs leave them');
-- The CHECK forbids it, so the CHECK goes.
alter table faultline.jobs_live drop constraint jobs_live_lease;
update faultline.jobs_live set lease_owner = null where job_id = :nobodys;
update faultline.jobs_live set lease_expires_at = null where job_id = :endless;
update faultline.jobs_live set lease_owner = gen_random_uuid() where job_id = :held;
update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = :dead;
select verify_says(array[
    format('2 running_without_lease: job %s: it is running with lease_owner NULL and lease_expires_at TIME', :nobodys),
    format('2 running_without_lease: job %s: it is running with lease_owner UUID and lease_expires_at NULL', :endless),
    format('2 running_without_lease: job %s: it is queued with lease_owner UUID and lease_expires_at NULL', :held),
    format('2 running_without_lease: job %s: it is failed with lease_owner NULL and lease_expires_at TIME', :dead),
    '2 guard_missing: constraint jobs_live_lease: table jobs_live has no such constraint, or it is not in force'],
  'running without an owner or a deadline, or either of them without running');

select * from finish();
