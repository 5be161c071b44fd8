\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'set_queue',
  'queue text, settings jsonb',
  'jsonb',
  '{faultline_operator}');

select * from finish();
rollback;
