\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_settle_effect',
  'e faultline.effects, state text, response jsonb',
  'text',
  '{}');

select * from finish();
rollback;
