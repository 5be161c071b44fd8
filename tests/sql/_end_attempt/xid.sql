\ir ../../support/prelude.sql
select * from no_plan();

-- The floor rests on this: a transaction has its xid before it reads the clock for ready_at. A trigger sees what it has
-- when the job is about to be written.
select running('a') \g /dev/null
select id('a') as job \gset
create trigger note_xid before update on faultline.jobs_live for each row execute function tap.note_xid();
select is(faultline._end_attempt(:job, 1, 'fail', true, true, null, '{}', null), 'queued', 'a report');
select is((live('a')).headers, '{"xid": true}', 'has its xid first');

-- Whoever has a snapshot of the whole transaction can report, if the job has no run: there is nothing to wait for.
select running('b') \g /dev/null
begin isolation level repeatable read;
select is(faultline._end_attempt(id('b'), 1, 'fail', true, true, null, '{}', null), 'queued', 'a job without a run, under REPEATABLE READ');
commit;

select * from finish();
