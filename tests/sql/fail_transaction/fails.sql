\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- Burnt by an operator's word; what is left of its job goes with it.
create function tap.burn(name text, reason text default 'a mistake') returns text language sql as $$ select operate(format('select faultline.fail_transaction(%L, %L)', burn.name, reason)) $$;
create table tap.jobs (how text, after text, stands text);
insert into tap.jobs values ('queued', 'cancelled', 'FAILED cancelled'), ('running', 'running', 'FAILED'), ('failed', 'discarded', 'FAILED discarded'), ('succeeded', 'succeeded', 'FAILED succeeded'),
  ('cancelled', 'cancelled', 'FAILED cancelled'), ('discarded', 'discarded', 'FAILED discarded'), ('never was', null, 'FAILED');
select at_work(how), job_ends(how, how) from tap.jobs;
select is(burn(how), 'FAILED', 'with a job that is ' || how) from tap.jobs;
select is(stands(how), j.stands, how || ': that is how it stands') from tap.jobs j;
select is(state_of(how), after, how || ': its job') from tap.jobs;
select is((t.reason, t.settled_at > now(), t.due_at), ('a mistake'::text, true, null::timestamptz), how || ': the reason is kept') from tap.jobs, transaction(how) t;
select is((e.job_id, e.detail), (t.job_id, jsonb_build_object('transaction_id', how, 'reason', 'a mistake')), how || ': on record')
from tap.jobs, transaction(how) t, lateral (select * from faultline.job_events e where e.verb = 'fail_transaction' and e.job_id = t.job_id) e;
select changes_nothing('faultline_operator', format('select faultline.fail_transaction(%L, ''another reason'')', how), 'FAILED', how || ' again: the first reason stays') from tap.jobs;
select is(reconciled(), '', 'reconcile has nothing to add');

-- The running one is told to stop; its entry would be refused, whatever becomes of it.
select ok((live('running')).cancel_requested_at > now(), 'its handler is told to stop');
select refuses($$select * from faultline.apply_and_complete(id('running'), 1, 'running', '{}')$$, 'FL006', 'transaction ''running'' has failed: a mistake', 'it can''t apply');
select is(faultline.fail_job(id('running'), 1, '{}'), 'ok', 'it gives up');
select is((state_of('running'), stands('running')), ('cancelled'::text, 'FAILED cancelled'::text), 'and ends cancelled, which the transaction knows');
select at_work('stubborn'), faultline.cancel_job(id('stubborn'));
select (live('stubborn')).cancel_requested_at as asked \gset
select is((burn('stubborn'), (live('stubborn')).cancel_requested_at), ('FAILED'::text, :'asked'::timestamptz), 'who was asked to stop before is not asked again');
select is(faultline.complete_job(id('stubborn'), 1), 'ok', 'one that completes all the same');
select is(stands('stubborn'), 'FAILED succeeded', 'has failed all the same');

-- Not what has happened, nor what may still happen.
select applied('applied'), applied('reconciled'), job_ends('reconciled', 'succeeded'), at_work('entered');
insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) values ('entered', id('entered'), 1, '{}', now());
select faultline.reconcile(sweep => false);
select refused('faultline_operator', format('select faultline.fail_transaction(%L, ''r'')', n), 'FL003', format('transaction %L has its entry: it has happened and can not fail', n), 'Submit another transaction that makes up for it.')
from unnest(array['applied', 'reconciled', 'entered']) n;
select at_work(n), outside(n, n) from unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) n;
select refused('faultline_operator', $$select faultline.fail_transaction('SENT', 'r')$$, 'FL003', 'effect charge of transaction ''SENT'' is SENT: it may still land', 'answer_effect says ABSENT once the outside refuses its key.');
select refused('faultline_operator', $$select faultline.fail_transaction('APPLIED', 'r')$$, 'FL003', 'effect charge of transaction ''APPLIED'' is APPLIED: it has happened', 'Submit another transaction that makes up for it.');
select is(burn(n), 'FAILED', 'an effect that is ' || n || ' is no obstacle') from unnest(array['INIT', 'ABSENT']) n;
select job_ends('SENT', 'discarded'), reconciled();
select refuses($$select faultline.fail_transaction('SENT', 'r')$$, 'FL003', 'effect charge of transaction ''SENT'' is SENT: it may still land', 'also when its job is over');
select at_work('two');
select outside('two', s, lower(s)) from unnest(array['SENT', 'APPLIED']) s;
select refuses($$select faultline.fail_transaction('two', 'r')$$, 'FL003', 'effect applied of transaction ''two'' is APPLIED: it has happened', 'what has happened is told first');
select at_work('three');
select outside('three', s, n) from (values ('SENT', 'a'), ('APPLIED', 'c'), ('APPLIED', 'b')) v (s, n);
select refuses($$select faultline.fail_transaction('three', 'r')$$, 'FL003', 'effect b of transaction ''three'' is APPLIED: it has happened', 'whatever it is called; of several the first by name');

-- What can't be.
select submitted('x');
select refuses('select faultline.fail_transaction(' || arguments || ')', code, message, message)
from (values
  ($$null, 'r'$$, 'FL004', 'the transaction id is NULL'), ($$'', 'r'$$, 'FL004', 'the transaction id has 0 characters'),
  ($$'x', null$$, 'FL004', 'the reason is NULL'), ($$'x', ''$$, 'FL004', 'the reason has 0 characters'), ($$'x', repeat('r', 1001)$$, 'FL004', 'the reason has 1001 characters'),
  ($$'nobody', 'r'$$, 'FL005', 'there is no transaction ''nobody''')) v (arguments, code, message);
select is(burn('x', repeat('r', 1000)), 'FAILED', 'a reason of a thousand characters');
select refused(role, $$select faultline.fail_transaction('x', 'r')$$, '42501', 'permission denied for function fail_transaction') from unnest(array['faultline_producer', 'faultline_runner', 'faultline_observer']) role;
-- A live job of that id which is another's is left alone.
select submitted('mine'), submitted('yours');
update faultline.jobs_live set transaction_id = 'other' where job_id = id('mine');
select is((burn('mine'), state_of('mine')), ('FAILED'::text, 'queued'::text), 'a job of another transaction is left alone');
update faultline.jobs_live set transaction_id = 'yours' where job_id = id('mine');
select is((burn('yours'), state_of('yours'), state_of('mine')), ('FAILED'::text, 'cancelled'::text, 'queued'::text), 'so is one that names it, but is not its own');
update faultline.jobs_live set transaction_id = null where job_id = id('mine');
select healthy('all is well');

select * from finish();
rollback;
