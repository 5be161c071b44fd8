\ir ../../support/schedules.sql
begin;
select * from no_plan();

set local timezone = 'Asia/Kathmandu';
set local datestyle = 'German';
select is(faultline._utc(moment), text_, text_) from (values ('2026-03-29 01:30Z'::timestamptz, '2026-03-29T01:30:00Z'), ('2026-03-29 01:30:00.5Z', '2026-03-29T01:30:00.5Z'), ('2026-03-29 01:30:10Z', '2026-03-29T01:30:10Z'),
  ('2026-03-29 01:30:00.000001Z', '2026-03-29T01:30:00.000001Z'), ('2026-03-29 01:30:00.050Z', '2026-03-29T01:30:00.05Z'), (null, null)) v (moment, text_);

select * from finish();
rollback;
