\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_setting_int',
  'settings jsonb, key text, lowest integer, highest integer',
  'integer',
  '{}');

select * from finish();
rollback;
