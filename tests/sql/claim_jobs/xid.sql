\ir ../../support/prelude.sql
-- A lease is never older than the xid of whoever wrote it: that comes first, before the time is read. The floor rests on it.
select * from no_plan();
begin;
select pg_current_xact_id_if_assigned() is not null as before \gset
select count(*) from faultline.claim_jobs(array['nothing-there'], runner(1)) \g /dev/null
select pg_current_xact_id_if_assigned() is not null as after \gset
commit;
select is(array[:'before', :'after'], array['f', 't'], 'a claim of nothing has its xid all the same');
select * from finish();
