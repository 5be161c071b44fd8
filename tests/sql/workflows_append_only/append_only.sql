\ir ../../support/workflows.sql
begin;
select * from no_plan();

select begun('{"a": {"type": "t"}}') \g /dev/null
select refuses('update faultline.workflows set spec = spec', 'FL003', 'a row of workflows is never changed', 'a version never changes');
set local role faultline_owner;
select throws_ok('update faultline.workflows set spec = spec', 'FL003', null, 'the owner is held to it too');

select * from finish();
rollback;
