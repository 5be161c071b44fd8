\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'zone_offsets',
  'timezone text, starts timestamp with time zone, ends timestamp with time zone',
  'TABLE(starts_at timestamp with time zone, utc_offset interval)',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
