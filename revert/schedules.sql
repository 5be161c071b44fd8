-- Revert faultline:schedules from pg

begin;

drop table faultline.schedule_ticks, faultline.schedules;

commit;
