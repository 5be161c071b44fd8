\ir ../../support/prelude.sql

begin;
select * from no_plan();

select refuses('select faultline._no_run(7)', 'FL005', 'there is no run 7', 'which');
select refuses('select faultline._no_run(null)', 'FL005', 'there is no run NULL', 'none was named');

select * from finish();
rollback;
