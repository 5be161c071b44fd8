\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_check_ticks',
  'ticks jsonb',
  'jsonb',
  '{}');

select * from finish();
rollback;
