\ir ../../support/operating.sql
begin;
select * from no_plan();

select refused('none', $$select faultline._ended_otherwise(7, 2, 'it''s')$$, 'FL002', 'attempt 2 of job 7 has ended, and not with transaction ''it''''s''', 'One job, one transaction: submit another for what else has to happen.');

select * from finish();
rollback;
