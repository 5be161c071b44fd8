\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- As after an installation, whose maintain() made the first table: the database of this test may be from yesterday.
select format('drop table %s', inhrelid::regclass) from pg_inherits where inhparent = 'faultline.job_events'::regclass and inhrelid::regclass::text !~ 'default' \gexec
select date_trunc('day', clock_timestamp() at time zone 'UTC') at time zone 'UTC' as before \gset
select faultline.maintain() \g /dev/null
select ok(faultline._oldest_day('job_events') in (:'before', date_trunc('day', clock_timestamp() at time zone 'UTC') at time zone 'UTC'),
  'of a fresh installation it is the first day that has a table');
create table faultline.jobs_done_20200101 partition of faultline.jobs_done for values from ('2020-01-01 00:00+00') to ('2020-01-02 00:00+00');
create table faultline.jobs_done_20200102 partition of faultline.jobs_done for values from ('2020-01-02 00:00+00') to ('2020-01-03 00:00+00');
select is(faultline._oldest_day('jobs_done'), '2020-01-01 00:00+00', 'days without a row count');
comment on table faultline.jobs_done_20200101 is 'Emptied by retention.';
select is(faultline._oldest_day('jobs_done'), '2020-01-02 00:00+00', 'a day that retention has emptied does not');
comment on table faultline.jobs_done_20200101 is null;
comment on table faultline.jobs_done_20200102 is 'Emptied by retention.';
set local timezone = 'Pacific/Auckland';
select is(faultline._oldest_day('jobs_done'), '2020-01-03 00:00+00', 'nor does one before it, which was locked at that moment; days are days of UTC');

select * from finish();
rollback;
