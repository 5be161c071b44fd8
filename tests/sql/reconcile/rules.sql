\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- Every rule, one by one: a transaction with (or without) an entry, its job in every state there is. Each time a second
-- pass changes nothing.
create table tap.jobs (how text);
insert into tap.jobs values ('queued'), ('running'), ('failed'), ('succeeded'), ('cancelled'), ('discarded'), ('never was');
create function tap.passes(sweep boolean, moved text, stands text, name text) returns setof text language plpgsql as $$
begin
  return next is(reconciled(sweep), moved, name || ': ' || coalesce(nullif(moved, ''), 'stays'));
  return next is(stands(name), stands, name || ': that is how it stands');
  return next changes_nothing('faultline_runner', 'select count(*) from faultline.reconcile(sweep => true)', '0', name || ': a second pass changes nothing');
end
$$;

-- An entry settles it, once its job isn't running.
create function tap.entered(how text, sweep boolean) returns setof text language plpgsql as $$
declare
  name constant text := 'entered ' || how;
begin
  perform applied(name), job_ends(name, how);
  return query select passes(sweep, case when how = 'running' then '' else name || ' APPLIED→RECONCILED' end,
    case when how = 'running' then 'APPLIED' else 'RECONCILED' || case when how in ('succeeded', 'cancelled', 'discarded') then ' ' || how else '' end end, name);
end
$$;
select entered(how, false) from tap.jobs where how <> 'never was';
select entered('never was', true);

-- INIT with an entry, as a partial write restored from elsewhere leaves it: APPLIED while its job runs, then RECONCILED.
create function tap.restored(how text) returns setof text language plpgsql as $$
declare
  name constant text := 'restored ' || how;
begin
  perform at_work(name), job_ends(name, how);
  insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) values (name, (transaction(name)).job_id, 1, '{}', now());
  return query select passes(true, name || ' INIT→' || case when how = 'running' then 'APPLIED' else 'RECONCILED' end,
    case when how = 'running' then 'APPLIED' else 'RECONCILED' || case when how in ('succeeded', 'cancelled', 'discarded') then ' ' || how else '' end end, name);
end
$$;
select restored(how) from tap.jobs;

-- INIT without one: it stays with a job that is live or dead; its job is over: FAILED; its job never was: its job again.
create function tap.without(how text, effect text) returns setof text language plpgsql as $$
declare
  name constant text := format('without %s %s', how, coalesce(effect, 'nothing'));
  live constant boolean := how in ('queued', 'running', 'failed');
  job bigint;
begin
  perform at_work(name);
  if effect is not null then
    perform outside(name, effect);
  end if;
  job := id(name);
  perform job_ends(name, how);
  return query select passes(how = 'never was',
    case when live then '' when how = 'never was' then name || ' INIT→INIT' when effect = 'SENT' then '' when effect = 'APPLIED' then name || ' INIT→RECONCILED' else name || ' INIT→FAILED' end,
    concat_ws(' ', case when live or how = 'never was' then 'INIT' when effect = 'SENT' then 'INIT ' || how when effect = 'APPLIED' then 'RECONCILED ' || how else 'FAILED ' || how end,
      'charge=' || effect, case when effect = 'SENT' and not live and how <> 'never was' then 'asked for' end), name);
  if how = 'never was' then
    return next is((state_of(name), (transaction(name)).job_id, id(name) <> job, (live(name)).attempt), ('queued'::text, id(name), true, 0), name || ': its job again, under another id');
  end if;
  return next is((transaction(name)).reason, case when stands(name) like 'FAILED%' then format('its job %s ended %s and left no entry', job, how) end, name || ': its reason');
end
$$;
select without(how, effect) from tap.jobs, unnest(array[null, 'INIT', 'SENT', 'APPLIED', 'ABSENT']) effect;
select is((e.job_id, e.attempt, e.effect ->> 'settled_by', e.effect #>> '{effects,charge,response,receipt}'), (id(n), 1, 'reconcile'::text, '7'::text), n || ': the entry says what has happened')
from unnest(array['without succeeded APPLIED', 'without discarded APPLIED', 'without cancelled APPLIED']) n, entry(n) e;
select is(count(*), 0::bigint, 'no other entry was made') from faultline.ledger_entries where effect ? 'settled_by' and transaction_id not like 'without % APPLIED';
set constraints all immediate;

-- One effect that is SENT is enough to wait, whatever the others are; ABSENT and INIT are no obstacle.
select at_work('some'), at_work('none');
select outside('some', s, 'e-' || lower(s)) from unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) s;
select outside('none', s, 'e-' || lower(s)) from unnest(array['INIT', 'ABSENT']) s;
select job_ends('some', 'succeeded'), job_ends('none', 'succeeded');
select is(reconciled(false), 'none INIT→FAILED', 'one SENT: it waits');
select is(stands('some'), 'INIT succeeded e-absent=ABSENT e-applied=APPLIED e-init=INIT e-sent=SENT asked for', 'for that one alone');

-- An operator retries a dead letter: its transaction is still there, and is applied.
select at_work('again'), job_ends('again', 'failed'), faultline.retry_job(id('again'));
select claimed('again');
select is(created, true, 'the retried job applies') from faultline.apply_and_complete(id('again'), 2, 'again', '{}');
select is(reconciled(false), 'again APPLIED→RECONCILED', 'and it is reconciled');

-- How a job ended is stored: what finished and was pruned is never made again.
select at_work('pruned'), job_ends('pruned', 'cancelled'), applied('pruned too'), job_ends('pruned too', 'succeeded');
delete from faultline.jobs_done;
select is(reconciled(), 'pruned INIT→FAILED, pruned too APPLIED→RECONCILED', 'retention can''t turn finished into missing');
-- Even where nothing was stored (a job of old): as long as its row is there.
select at_work('unlinked');
update faultline.jobs_live set transaction_id = null where job_id = id('unlinked');
select faultline.complete_job(id('unlinked'), 1);
select is(stands('unlinked'), 'INIT', 'nobody was told');
select is(reconciled(), 'unlinked INIT→FAILED', 'but it is found');
select is((transaction('unlinked')).job_state, 'succeeded', 'and stored');
-- A live job of that id which is another's does not count, nor a finished one of another kind.
select at_work('stranger'), at_work('foreign');
update faultline.jobs_live set transaction_id = null where job_id in (id('stranger'), id('foreign'));
update faultline.jobs_live set type = 'other' where job_id = id('foreign');
select faultline.complete_job(id('foreign'), 1);
select is(reconciled(), 'foreign INIT→INIT, stranger INIT→INIT', 'a job of the same id that is another''s is not taken for its job');
select is(reconciled(), '', 'once');
select healthy('all is well');

-- A job that gave its entry's attempt up and runs again is running.
select applied('later'), job_ends('later', 'queued'), claimed('later', 2);
select is_empty('select * from faultline.reconcile(sweep => false)', 'no row for what is looked at and stays');
select is(stands('later'), 'APPLIED', 'APPLIED while its job runs again');

-- APPLIED without an entry, which can't be: it stays, for verify to tell.
select submitted('corrupt'), at_work('corrupt too'), job_ends('corrupt too', 'succeeded');
update faultline.transactions set state = 'APPLIED', due_at = clock_timestamp() where transaction_id like 'corrupt%';
select is_empty('select * from faultline.reconcile()', 'what can''t be is left alone');
select is((stands('corrupt'), stands('corrupt too'), reconciled()), ('APPLIED'::text, 'APPLIED succeeded'::text, ''::text), 'and not walked again');

select * from finish();
rollback;
