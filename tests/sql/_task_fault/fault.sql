\ir ../../support/workflows.sql
begin;
select * from no_plan();

select refuses($$select faultline._task_fault('tasks.a', 'it is wrong', 'Mend it')$$, 'FL004', 'tasks.a: it is wrong', 'the place, and what is wrong');
select refuses(format('select faultline._task_fault(%L, ''it is wrong'', ''Mend it'')', repeat('x', 300)), 'FL004', repeat('x', 300) || ': it is wrong', 'the longest place');
select refuses(format('select faultline._task_fault(%L, ''it is wrong'', ''Mend it'')', repeat('x', 400)), 'FL004', repeat('x', 300) || ': it is wrong', 'a longer one is cut');

select * from finish();
rollback;
