\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- What it returns for a locked transaction; the rules one by one are reconcile's tests.
create function tap.settled(name text) returns text language sql as $$ select coalesce(faultline._settle(transaction(settled.name)), 'nothing') $$;
select applied('runs'), applied('over'), job_ends('over', 'succeeded'), at_work('waits'), at_work('failed'), job_ends('failed', 'cancelled'), at_work('gone'), job_ends('gone', 'never was'),
  at_work('written'), faultline.cancel_job(id('written')), at_work('asked'), outside('asked', 'SENT'), job_ends('asked', 'discarded');
insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) values ('written', id('written'), 1, '{}', now());
select is(settled(n), to_state, n)
from (values ('runs', 'nothing'), ('over', 'RECONCILED'), ('waits', 'nothing'), ('failed', 'FAILED'), ('gone', 'INIT'), ('written', 'APPLIED'), ('asked', 'nothing')) v (n, to_state);
select repeats(format('select settled(%L)', n), 'nothing', n || ': again nothing') from unnest(array['runs', 'over', 'waits', 'failed', 'gone', 'written', 'asked']) n;
select is(stands(n), s, n) from (values ('runs', 'APPLIED'), ('over', 'RECONCILED succeeded'), ('waits', 'INIT'), ('failed', 'FAILED cancelled'), ('gone', 'INIT'), ('written', 'APPLIED'), ('asked', 'INIT discarded charge=SENT asked for')) v (n, s);
select is((t.settled_at > now(), t.due_at), (true, null::timestamptz), n || ': settled now') from unnest(array['over', 'failed']) n, transaction(n) t;

-- An effect that is asked for already keeps its time.
update faultline.effects set ask_at = '2100-01-01Z' where transaction_id = 'asked';
select settled('asked');
select is((effect('asked')).ask_at, '2100-01-01Z'::timestamptz, 'who was told when to ask is not told again');

select * from finish();
rollback;
