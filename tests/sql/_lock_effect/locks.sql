\ir ../../support/ledger.sql
-- What it locks, in transactions of their own.
select * from no_plan();
create extension pgrowlocks schema public;
create function tap.locked() returns text language sql as $$
select string_agg(what || ' ' || array_to_string(modes, ' and '), ', ' order by what)
from (
  select 'job ' || j.job_id, l.modes from pgrowlocks('faultline.jobs_live') l join faultline.jobs_live j on j.ctid = l.locked_row
  union all
  select 'transaction ' || t.transaction_id, l.modes from pgrowlocks('faultline.transactions') l join faultline.transactions t on t.ctid = l.locked_row
  union all
  select 'effect ' || f.name, l.modes from pgrowlocks('faultline.effects') l join faultline.effects f on f.ctid = l.locked_row) x (what, modes)
$$;
select at_work('a'), outside('a', 'SENT'), at_work('b'), outside('b', 'APPLIED') \g /dev/null
select faultline.complete_job(id('b'), 1) \g /dev/null

begin;
select (faultline._lock_effect(id('a'), 1, 'a', 'charge')).state \g /dev/null
select is(locked(), format('effect charge For No Key Update, job %s For No Key Update, transaction a For No Key Update', id('a')), 'an attempt that runs: the job, its transaction, its effect');
commit;
begin;
select (faultline._lock_effect(id('b'), 1, 'b', 'charge')).state \g /dev/null
select is(locked(), 'effect charge For No Key Update', 'one that is over: the effect alone');
commit;

-- A snapshot that is older than what became of the effect is refused, whether the attempt runs or not.
select second_session() \g /dev/null
begin isolation level repeatable read;
select faultline.schema_version() \g /dev/null
select public.dblink_exec('other', $$update faultline.effects set asks = asks + 1$$) \g /dev/null
select throws_ok($$select faultline._lock_effect(id('a'), 1, 'a', 'charge')$$, '40001', null, 'a running one');
select throws_ok($$select faultline._lock_effect(id('b'), 1, 'b', 'charge')$$, '40001', null, 'one that is over');
commit;

select * from finish();
