\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'find_token',
  'token_id bigint',
  'TABLE(secret_hash bytea, scopes text[])',
  '{faultline_operator}');

select * from finish();
rollback;
