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

-- One transaction is settled, with its own effects and its own entry.
select at_work('works'), outside('works', 'SENT'), at_work('due'), job_ends('due', 'succeeded'), at_work('asks'), outside('asks', 'SENT'), job_ends('asks', 'succeeded');
select is(settled('asks'), 'nothing', 'its effect has to be asked for');
select is((stands('asks'), stands('works'), stands('due')), ('INIT succeeded charge=SENT asked for'::text, 'INIT charge=SENT'::text, 'INIT succeeded due'::text), 'that of no other, and what is due stays due');
-- What happened is entered, by the last attempt that had to do with it.
select at_work('happened'), outside('happened', 'APPLIED'), expired('happened'), faultline.reap_expired(), claimed('happened', 2), outside('happened', 'ABSENT', 'mail'), job_ends('happened', 'discarded');
select is(settled('happened'), 'RECONCILED', 'an effect has happened');
select is((e.job_id, e.attempt, e.effect - 'effects', e.applied_at > now()), (id('happened'), 2, '{"settled_by": "reconcile", "job_state": "discarded"}'::jsonb, true), 'entered') from entry('happened') e;
select is(e.effect -> 'effects', jsonb_build_object('charge', jsonb_build_object('state', 'APPLIED', 'key', (effect('happened')).key, 'response', '{"receipt": 7}'::jsonb),
  'mail', jsonb_build_object('state', 'ABSENT', 'key', (effect('happened', 'mail')).key, 'response', '{"receipt": 7}'::jsonb)), 'with its effects alone') from entry('happened') e;
-- An entry settles it, whatever there is of effects.
select at_work('entered ' || s), outside('entered ' || s, s) from unnest(array['SENT', 'APPLIED']) s;
insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) select t.transaction_id, t.job_id, 1, '{}', now() from faultline.transactions t where t.transaction_id like 'entered %';
select job_ends('entered ' || s, 'discarded') from unnest(array['SENT', 'APPLIED']) s;
select is((settled('entered ' || s), stands('entered ' || s)), ('RECONCILED'::text, 'RECONCILED discarded charge=' || s), 'an effect that is ' || s || ' changes nothing') from unnest(array['SENT', 'APPLIED']) s;

-- Its job is the one of its id that carries it out, or that had its kind and request.
select at_work('lost'), id('lost') as lost \gset
select job_ends('lost', 'never was'), faultline.enqueue('t', '{"name": "lost"}', 'twin');
select faultline.complete_job(job_id, 1) from faultline.claim_job('twin', runner(1));
select is(settled('lost'), 'INIT', 'not a finished one of another id');
select isnt((transaction('lost')).job_id, :lost::bigint, 'it has its job again');
select at_work('usurped'), id('usurped') as usurped \gset
update faultline.jobs_live set transaction_id = null, payload = '{"name": "usurper"}' where job_id = :usurped;
select faultline.complete_job(:usurped, 1);
select is(settled('usurped'), 'INIT', 'not a finished one of another request');
select at_work('moved'), running('thief');
select job_ends('moved', 'never was');
update faultline.jobs_live set transaction_id = 'moved' where job_id = id('thief');
select is(settled('moved'), 'INIT', 'not a live one of another id');
-- What became of its job is kept, also if nothing told of it and an effect has to be asked for.
select at_work('quiet'), outside('quiet', 'SENT');
update faultline.jobs_live set transaction_id = null where job_id = id('quiet');
select faultline.complete_job(id('quiet'), 1);
select is((stands('quiet'), settled('quiet'), stands('quiet')), ('INIT charge=SENT'::text, 'nothing'::text, 'INIT succeeded charge=SENT asked for'::text), 'nothing is settled, but known');
-- APPLIED without an entry can't be: it stays, whatever became of its job.
select at_work('corrupt ' || how) from unnest(array['succeeded', 'never was']) how;
update faultline.transactions set state = 'APPLIED' where transaction_id like 'corrupt%';
select job_ends('corrupt ' || how, how) from unnest(array['succeeded', 'never was']) how;
select is((settled('corrupt ' || how), (transaction('corrupt ' || how)).state), ('nothing'::text, 'APPLIED'::text), 'left alone: ' || how) from unnest(array['succeeded', 'never was']) how;

select * from finish();
rollback;
