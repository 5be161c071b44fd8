\ir ../../support/prelude.sql
-- What it writes is never older than its xid: that comes first, before the time is read. The floor rests on it.
select * from no_plan();
begin;
select pg_current_xact_id_if_assigned() is not null as before \gset
select faultline.heartbeat(runner(1), '{}', '{}');
select pg_current_xact_id_if_assigned() is not null as after \gset
commit;
select is(array[:'before', :'after'], array['f', 't'], 'a beat for nothing has its xid all the same');
select * from finish();
