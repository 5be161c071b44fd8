\ir ../../support/prelude.sql
select * from no_plan();

-- The floor rests on this: a transaction has its xid before it reads the clock for ready_at. A trigger sees what it has
-- when the job is about to be written. What the sequence logs ahead gives an xid too, so the first job does not count.
create trigger note_xid before insert on faultline.jobs_live for each row execute function tap.note_xid();
select queued('first') \g /dev/null
select faultline.enqueue('t', '{"name": "without a key"}') \g /dev/null
select faultline.enqueue('t', '{"name": "with a key"}', idempotency_key => 'k') \g /dev/null
select is((live(n)).headers, '{"xid": true}', 'a job ' || n || ': the xid first') from unnest(array['without a key', 'with a key']) n;

select * from finish();
