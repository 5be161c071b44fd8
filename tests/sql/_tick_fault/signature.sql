\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_tick_fault',
  's faultline.schedules, tick_at timestamp with time zone, version integer, cursor timestamp with time zone, backfill boolean, fires boolean, OUT outcome text, OUT code text, OUT message text, OUT hint text',
  'record',
  '{}');

select * from finish();
rollback;
