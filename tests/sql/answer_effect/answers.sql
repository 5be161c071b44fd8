\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- The job is over, the request may have arrived: what the outside says settles the transaction.
create function tap.answer(arguments text) returns text language sql as $$ select run(format('select faultline.answer_effect(%s)', arguments)) $$;
select at_work(n), outside(n, 'SENT'), job_ends(n, how) from (values ('done', 'succeeded'), ('undone', 'discarded'), ('unknown', 'cancelled')) v (n, how);
select at_work('two'), at_work('both');
select outside('two', 'SENT', n), outside('both', 'SENT', n) from unnest(array['charge', 'mail']) n;
select job_ends('two', 'succeeded'), job_ends('both', 'discarded'), reconciled();
select is(answer($$'done', 'charge', 'APPLIED', '{"receipt": 7}'$$), 'RECONCILED', 'it has happened: entered and reconciled');
select is(stands('done'), 'RECONCILED succeeded charge=APPLIED', 'that is how it stands');
select is((e.job_id, e.attempt, e.effect), (id('done'), 1, jsonb_build_object('settled_by', 'reconcile', 'job_state', 'succeeded', 'effects', jsonb_build_object('charge', jsonb_build_object('state', 'APPLIED', 'key', (effect('done')).key, 'response', '{"receipt": 7}'::jsonb)))),
  'the entry says how it came there') from entry('done') e;
select is(answer($$'undone', 'charge', 'ABSENT'$$), 'FAILED', 'it has not, and never will: failed');
select is((stands('undone'), (transaction('undone')).reason), ('FAILED discarded charge=ABSENT'::text, format('its job %s ended discarded and left no entry', id('undone'))), 'that is how it stands');
select is(answer($$'unknown', 'charge', 'UNKNOWN', '"timeout"'$$), 'INIT', 'nobody knows: it waits');
select is((stands('unknown'), f.asks, f.answer), ('INIT cancelled charge=SENT asked for'::text, 1, 'timeout'::text), 'and is asked for again') from effect('unknown') f;

-- Several effects: all of them have to be known; one that has happened is enough to have happened.
select is(answer($$'two', 'charge', 'APPLIED'$$), 'INIT', 'one of two');
select is(answer($$'two', 'mail', 'ABSENT'$$), 'RECONCILED', 'the other: one has happened');
select is(array(select jsonb_object_keys((entry('two')).effect -> 'effects') order by 1), '{charge,mail}', 'the entry names both');
select is(answer($$'both', 'charge', 'ABSENT'$$), 'INIT', 'one of two');
select is(answer($$'both', 'mail', 'ABSENT'$$), 'FAILED', 'none has happened');

-- Repeated.
select changes_nothing('faultline_runner', format('select faultline.answer_effect(%L, ''charge'', %L, ''{"receipt": 8}'')', n, s), t, n || ' again: nothing is changed, the first response stays')
from (values ('done', 'APPLIED', 'RECONCILED'), ('undone', 'ABSENT', 'FAILED'), ('two', 'APPLIED', 'RECONCILED'), ('both', 'ABSENT', 'FAILED')) v (n, s, t);
select is(reconciled(), '', 'and reconcile has nothing to add');

-- What is refused.
select at_work('live'), outside('live', 'SENT'), at_work('dead'), outside('dead', 'SENT'), job_ends('dead', 'failed'), at_work('waits'), outside('waits', 'APPLIED'), job_ends('waits', 'queued');
select changes_nothing('faultline_runner', $$select faultline.answer_effect('waits', 'charge', 'APPLIED')$$, 'INIT', 'a live job: what it said may be repeated');
select refuses('select faultline.answer_effect(' || arguments || ')', code, message, message)
from (values
  ($$'live', 'charge', 'APPLIED'$$, 'FL003', format('job %s of transaction ''live'' is not over', id('live'))), ($$'live', 'charge', 'UNKNOWN'$$, 'FL003', format('job %s of transaction ''live'' is not over', id('live'))),
  ($$'waits', 'charge', 'ABSENT'$$, 'FL003', format('job %s of transaction ''waits'' is not over', id('waits'))),
  ($$'dead', 'charge', 'ABSENT'$$, 'FL003', format('job %s of transaction ''dead'' is not over', id('dead'))),
  ($$'done', 'charge', 'ABSENT'$$, 'FL003', 'effect charge of transaction ''done'' is APPLIED and can not become ABSENT'),
  ($$'undone', 'charge', 'APPLIED'$$, 'FL003', 'effect charge of transaction ''undone'' is ABSENT and can not become APPLIED'),
  ($$'undone', 'charge', 'UNKNOWN'$$, 'FL003', 'effect charge of transaction ''undone'' is ABSENT and can not become UNKNOWN'),
  ($$'unknown', 'charge', 'SENT'$$, 'FL004', 'state ''SENT'' is no outcome of an effect'), ($$'unknown', 'charge', null$$, 'FL004', 'state NULL is no outcome of an effect'),
  ($$'unknown', 'charge', 'APPLIED', to_jsonb(repeat('x', 262143))$$, 'FL004', 'the response has 262145 bytes as text'),
  ($$null, 'charge', 'APPLIED'$$, 'FL004', 'the transaction id is NULL'), ($$'unknown', null, 'APPLIED'$$, 'FL004', 'effect NULL is not a name'),
  ($$'nobody', 'charge', 'APPLIED'$$, 'FL005', 'there is no transaction ''nobody'''), ($$'unknown', 'mail', 'APPLIED'$$, 'FL005', 'transaction ''unknown'' has no effect mail')) v (arguments, code, message);
select is(operate($$select faultline.answer_effect('unknown', 'charge', 'APPLIED', '{"seen": "by hand"}')$$), 'RECONCILED', 'an operator may answer');
-- The dead letter is discarded first.
select faultline.discard_job(id('dead'));
select is(answer($$'dead', 'charge', 'ABSENT'$$), 'FAILED', 'once the dead letter is discarded it may be answered, before reconcile has looked');
select refused(role, $$select faultline.answer_effect('x', 'e', 'APPLIED')$$, '42501', 'permission denied for function answer_effect') from unnest(array['faultline_producer', 'faultline_observer']) role;
select healthy('all is well');

select * from finish();
rollback;
