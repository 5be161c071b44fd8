\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  'answer_effect',
  'transaction_id text, name text, state text, response jsonb DEFAULT NULL::jsonb',
  'text',
  '{faultline_operator,faultline_runner}');

select * from finish();
rollback;
