\ir ../../support/prelude.sql
begin;
select * from no_plan();

select * from is_function('verifies', 'runner uuid', 'boolean', '{faultline_runner}');

select * from finish();
rollback;
