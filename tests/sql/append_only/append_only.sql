\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- History is written once, whoever writes.
select running('a'), queued('b'); select faultline.fail_job(id('a'), 1, '{}'), faultline.cancel_job(id('b'));
select throws_matching($$update faultline.jobs_done set queue = 'x'$$, '^a row of jobs_done_\d{8} is never changed$', 'a finished job is never changed');
select throws_matching($$update faultline.job_events set actor = 'x'$$, '^a row of job_events_\d{8} is never changed$', 'an event is never changed');
select refuses('update faultline.jobs_done set queue = ''x''', 'FL003', format('a row of jobs_done_%s is never changed', to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD')), 'FL003, the table is named');
select refuses('update faultline.job_events set actor = ''x''', 'FL003', format('a row of job_events_%s is never changed', to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD')), 'FL003, the table is named');
select refuses(format('update faultline.jobs_done_%s set queue = ''x''', to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD')), 'FL003',
               format('a row of jobs_done_%s is never changed', to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD')), 'nor past the parent');
select queued('large', large('large'));
select refuses('update faultline.payloads set payload = ''{}''', 'FL003', 'a row of payloads is never changed', 'a payload that stands apart is never changed');
set local role faultline_owner;
select throws_ok('update faultline.job_events set actor = ''x''', 'FL003', null, 'not by the owner either');
reset role;
insert into faultline.job_events (at, verb, actor) values ('2001-01-01Z', 'pause', 'x');
select refuses('update faultline.job_events_default set actor = ''y''', 'FL003', 'a row of job_events_default is never changed', 'nor in the default partition');

select * from finish();
rollback;
