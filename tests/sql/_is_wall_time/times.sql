\ir ../../support/schedules.sql
begin;
select * from no_plan();

select is(faultline._is_wall_time(faultline._parse_cron('30 15 9 * * 1-5'), wall), is_one, wall::text)
from (values ('2026-03-30 09:15:30'::timestamp, true), ('2026-03-30 09:15:31', false), ('2026-03-30 09:16:30', false), ('2026-03-30 21:15:30', false), ('2026-03-29 09:15:30', false)) v (wall, is_one);

select * from finish();
rollback;
