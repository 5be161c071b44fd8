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
select is(locked(), format('job %s For No Key Update, transaction a For No Key Update', id('a')), 'under the transaction nobody settles an effect of it');
commit;
begin;
select (faultline._lock_effect(id('b'), 1, 'b', 'charge')).state, pg_current_xact_id_if_assigned() is not null as locked \gset
commit;
select is((:'state'::text, :'locked'::bool), ('APPLIED'::text, false), 'an attempt that is over locks nothing: it can only be told what was said');

select * from finish();
