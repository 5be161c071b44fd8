\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'revoke_token',
  'token_id bigint',
  'text',
  '{faultline_operator}');

select * from finish();
rollback;
