\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'metrics',
  'floor text DEFAULT NULL::text',
  'TABLE(name text, labels jsonb, value double precision)',
  '{faultline_observer,faultline_operator,faultline_runner}');

select * from finish();
rollback;
