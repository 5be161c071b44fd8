\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'create_token',
  'secret_hash bytea, scopes text[], name text DEFAULT NULL::text, lifetime interval DEFAULT NULL::interval',
  'bigint',
  '{faultline_operator}');

select * from finish();
rollback;
