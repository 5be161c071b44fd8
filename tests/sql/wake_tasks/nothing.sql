\ir ../../support/workflows.sql
begin;
-- Every runner looks each second: where nothing is due that writes nothing, and takes no transaction id.
select faultline.wake_tasks() as woken \gset
select pg_current_xact_id_if_assigned() is null as quiet \gset
select * from no_plan();

select is((:woken, :'quiet'::boolean), (0, true), 'nothing is due, nothing is done');

select * from finish();
rollback;
