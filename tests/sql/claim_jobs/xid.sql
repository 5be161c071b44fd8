\ir ../../support/prelude.sql
-- A lease is never older than the xid of whoever wrote it: that comes first, before the time is read. The floor rests on it.
select * from no_plan();
select queued('waits', '{"queue": "paused"}'), faultline.pause_queue('paused') \g /dev/null
begin;
select pg_current_xact_id_if_assigned() is not null as before \gset
select count(*) as claimed from faultline.claim_jobs(array['paused'], runner(1)) \gset
select pg_current_xact_id_if_assigned() is not null as after \gset
commit;
select is(array[:'before', :'claimed', :'after'], array['f', '0', 't'], 'a claim that takes nothing of what is there has its xid all the same');

-- Where nothing is ready there is nothing to lease: no xid is spent, and nobody's turn or limit is waited for.
select faultline.set_queue('limited', '{"max_running": 1}') \g /dev/null
select queued('later', '{"queue": "later", "run_at": "2100-01-01"}'), running('busy') \g /dev/null
begin;
select count(*) as claimed from faultline.claim_jobs(array['nothing-there', 'limited', 'later', 'busy'], runner(1), 1000) \gset
select pg_current_xact_id_if_assigned() is not null as after, (select count(*) from pg_locks where pid = pg_backend_pid() and (locktype = 'advisory' or mode = 'RowShareLock')) as locks \gset
commit;
select is(array[:'claimed', :'after', :'locks'], array['0', 'f', '0'], 'a claim where nothing is ready has none');
select * from finish();
