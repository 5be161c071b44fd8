\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_parse_cron',
  'cron text',
  'jsonb',
  '{}');

select * from finish();
rollback;
