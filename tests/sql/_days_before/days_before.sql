\ir ../../support/prelude.sql
begin;
select * from no_plan();

create table faultline.jobs_done_20200101 partition of faultline.jobs_done for values from ('2020-01-01 00:00+00') to ('2020-01-02 00:00+00');
create table faultline.jobs_done_20200102 partition of faultline.jobs_done for values from ('2020-01-02 00:00+00') to ('2020-01-03 00:00+00');
create table faultline.jobs_done_extra partition of faultline.jobs_done for values from ('2019-01-01') to ('2019-02-01');
create table faultline.jobs_done_20190301 (like faultline.jobs_done);

select results_eq(format('select faultline._days_before(''jobs_done'', %L)', until), format('select unnest(%L::text[])', days), 'before ' || until)
from (values ('2020-01-01 23:59:59.999999+00', '{}'), ('2020-01-02 00:00+00', '{jobs_done_20200101}'), ('2020-01-02 23:59:59.999999+00', '{jobs_done_20200101}'),
             ('2020-01-03 00:00+00', '{jobs_done_20200101,jobs_done_20200102}'), ('2020-06-01 00:00+00', '{jobs_done_20200101,jobs_done_20200102}'),
             ('-infinity', '{}'), (null, '{}')) v (until, days);
select is_empty($$select faultline._days_before('job_events', '2020-06-01')$$, 'each parent has its own');
set local timezone = 'Pacific/Auckland';
select results_eq($$select faultline._days_before('jobs_done', '2020-01-02 00:00+00')$$, $$values ('jobs_done_20200101')$$, 'a day is a day of UTC, wherever the session is');

select * from finish();
rollback;
