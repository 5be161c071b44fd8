\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'pause_queue',
  'queue text, note text DEFAULT NULL::text',
  'void',
  '{faultline_operator}');

select * from finish();
rollback;
