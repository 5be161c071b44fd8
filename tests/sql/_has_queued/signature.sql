\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_has_queued',
  'queue text, token jsonb',
  'boolean',
  '{}');

select * from finish();
rollback;
