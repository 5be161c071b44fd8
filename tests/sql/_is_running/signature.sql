\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function('_is_running', 'job_id bigint, attempt integer', 'boolean', '{}');

select * from finish();
rollback;
