\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_zone_offset',
  'zone text, second bigint',
  'interval',
  '{}');

select * from finish();
rollback;
