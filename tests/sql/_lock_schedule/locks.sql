\ir ../../support/schedules.sql
begin;
select * from no_plan();

select put('s'), put('deleted'), faultline.delete_schedule('deleted') \g /dev/null
select is((faultline._lock_schedule('s')).version, 1, 'the schedule as it is');
select refuses(format('select faultline._lock_schedule(%L)', name), 'FL005', message, message)
from (values ('none', 'there is no schedule none'), ('deleted', 'there is no schedule deleted'), (null, 'there is no schedule NULL'), (repeat('x', 1000), 'there is no schedule ' || repeat('x', 140))) v (name, message);

select * from finish();
rollback;
