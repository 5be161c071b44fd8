\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function(
  '_next_queue',
  'after text, before text, only_queued boolean',
  'text',
  '{}');

select * from finish();
rollback;
