\ir ../../support/operating.sql
select * from no_plan();

select job_in('running') as long \gset
update faultline.jobs_live set lease_expires_at = clock_timestamp() + interval '24 hours';
select healthy('the longest lease there is');
update faultline.jobs_live set lease_expires_at = clock_timestamp() + interval '24 hours 59 s';
select healthy('within the minute that clocks may differ');
update faultline.jobs_live set lease_expires_at = clock_timestamp() + interval '24 hours 2 min';
select verify_says(array[format('2 lease_too_long: job %s: the lease of runner UUID ends at TIME, more than 24 h from now', :long)], 'a lease that no claim can have given');
update faultline.jobs_live set lease_expires_at = 'infinity';
select verify_says(array[format('2 lease_too_long: job %s: the lease of runner UUID ends at infinity, more than 24 h from now', :long)], 'one that never ends');

select * from finish();
