\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- The transaction, INIT, and its job, in one.
select is(faultline.submit_transaction('pay-1', 'transfer', '{"name": "a", "amount": 5}', 'money', '2100-01-01Z', 3, 7, '{"kind": "fixed", "delay": "5s"}', '90 s', '{x,y}', '{"h": null, "i": 1}'),
          id('a'), 'it returns the job''s id');
select is((t.transaction_id, t.kind, t.request, t.job_id, t.state, t.job_state, t.reason, t.due_at, t.settled_at),
          ('pay-1'::text, 'transfer'::text, '{"name": "a", "amount": 5}'::jsonb, id('a'), 'INIT'::text, null::text, null::text, null::timestamptz, null::timestamptz), 'the transaction is INIT') from transaction('pay-1') t;
select ok(t.created_at > now() and t.created_at <= clock_timestamp(), 'from now on') from transaction('pay-1') t;
select is((j.type, j.payload, j.queue, j.ready_at, j.priority, j.max_attempts, j.backoff, j.timeout, j.tags, j.headers, j.transaction_id, j.idempotency_key),
          ('transfer'::text, '{"name": "a", "amount": 5}'::jsonb, 'money'::text, '2100-01-01Z'::timestamptz, 3::smallint, 7, '{"kind": "fixed", "delay": "5s"}'::jsonb, '90 s'::interval, '{x,y}'::text[], '{"h": null, "i": 1}'::jsonb, 'pay-1'::text, null::text),
          'the job has the kind as its type, the request as its payload, and what else was asked for') from live('a') j;
select is(t.options, '{"queue": "money", "run_at": "2100-01-01T00:00:00+00:00", "priority": 3, "max_attempts": 7, "backoff": {"kind": "fixed", "delay": "5s"}, "timeout": "00:01:30", "tags": ["x", "y"], "headers": {"h": null, "i": 1}}'::jsonb,
          'all of which the transaction remembers, nulls inside included') from transaction('pay-1') t;

-- The defaults, and NULL for them.
select is((job(j)).queue, 'default', 'the default queue') from faultline.submit_transaction('d1', 'transfer') j;
select is((j.payload, j.priority, j.max_attempts, j.tags, j.backoff, j.headers), ('{}'::jsonb, 2::smallint, 5, '{}'::text[], null::jsonb, null::jsonb), 'an empty request, priority 2, as the settings say')
from job((transaction('d1')).job_id) j;
select is((transaction('d1')).options, '{}', 'nothing to remember');
select is(faultline.submit_transaction('d2', 'transfer', null, null, null, null, null, null, null, null, null) is null, false, 'NULL means the default');
select is(to_jsonb(a) - '{job_id,ready_at,created_at,transaction_id}'::text[], to_jsonb(b) - '{job_id,ready_at,created_at,transaction_id}'::text[], 'for every argument with one')
from job((transaction('d1')).job_id) a, job((transaction('d2')).job_id) b;
select is((transaction('d2')).options, '{}', 'that is not remembered either');

-- The same again: the same job, whatever became of it, and nothing is changed.
select repeats($$select faultline.submit_transaction('pay-1', 'transfer', '{"amount": 5.0, "name": "a"}')$$, id('a')::text, 'the same id, kind and request: the same job; other options are not compared');
select at_work('b');
select repeats($$select faultline.submit_transaction('b', 't', '{"name": "b"}')$$, id('b')::text, 'while it runs');
select applied from faultline.apply_ledger(id('b'), 1, 'b', '{}') applied;
select repeats($$select faultline.submit_transaction('b', 't', '{"name": "b"}')$$, id('b')::text, 'APPLIED');
select job_ends('b', 'succeeded'), reconciled();
select repeats($$select faultline.submit_transaction('b', 't', '{"name": "b"}')$$, id('b')::text, 'RECONCILED');
select at_work('dead'), job_ends('dead', 'failed');
select repeats($$select faultline.submit_transaction('dead', 't', '{"name": "dead"}')$$, id('dead')::text, 'a dead letter');

select last_value as drawn from faultline.jobs_live_job_id_seq \gset
select submitted('b');
select is(last_value, :drawn::bigint, 'and no job''s id is used up by it') from faultline.jobs_live_job_id_seq;

-- Other work under the same id.
select refuses(statement, 'FL002', format('transaction ''pay-1'' stands for job %s, which has another kind or request', id('a')), statement)
from unnest(array[$$select faultline.submit_transaction('pay-1', 'transfer', '{"name": "a", "amount": 6}')$$,
                  $$select faultline.submit_transaction('pay-1', 'payment', '{"name": "a", "amount": 5}')$$,
                  $$select faultline.submit_transaction('pay-1', 'transfer')$$]) statement;
select refused('faultline_producer', $$select faultline.submit_transaction('pay-1', 'transfer')$$, 'FL002', format('transaction ''pay-1'' stands for job %s, which has another kind or request', id('a')),
  'The same id wants the same kind and request: use a new id for new work.');

-- A burnt id.
select submitted('burnt'), faultline.fail_transaction('burnt', 'a mistake');
select refused('faultline_producer', $$select faultline.submit_transaction('burnt', 't', '{"name": "burnt"}')$$, 'FL006', 'transaction ''burnt'' has failed: a mistake',
  'Its id is burnt: nothing can apply it any more. Submit the work again under a new id.');
select refuses($$select faultline.submit_transaction('burnt', 't', '{"name": "other"}')$$, 'FL002', format('transaction ''burnt'' stands for job %s, which has another kind or request', id('burnt')), 'other work under a burnt id');

-- Limits, from both sides.
select refuses(format('select faultline.submit_transaction(%L, ''t'')', v), 'FL004', m, m)
from (values (null, 'the transaction id is NULL'), ('', 'the transaction id has 0 characters'), (repeat('ä', 256), 'the transaction id has 256 characters')) t (v, m);
select isnt(faultline.submit_transaction(v, 't'), null, 'an id of ' || length(v) || ' characters') from unnest(array['x', repeat('ä', 255)]) v;
select refuses(format('select faultline.submit_transaction(''l'', %L)', k), 'FL004', 'kind ' || coalesce(quote_literal(left(k, 140)), 'NULL') || ' is not a name', 'a kind that is no name')
from unnest(array[null, '', 'a b', repeat('k', 129)]) k;
select isnt(faultline.submit_transaction('kind', repeat('k', 128)), null, 'a kind of 128 characters');
select refuses('select faultline.submit_transaction(''l'', ''t'', ' || arguments || ')', 'FL004', message, arguments)
from (values
  ('''[]''', 'the request is not an object but of type array'),
  ('jsonb_build_object(''a'', repeat(''x'', 262145 - 9))', 'the request has 262145 bytes as text'),
  ('queue => ''a b''', 'queue ''a b'' is not a name'), ('run_at => ''infinity''', 'run_at infinity is not a time'),
  ('priority => 0', 'priority 0 is out of bounds'), ('priority => 5', 'priority 5 is out of bounds'),
  ('max_attempts => 0', 'max_attempts 0 is out of bounds'), ('max_attempts => 101', 'max_attempts 101 is out of bounds'),
  ('timeout => ''0''', 'timeout 00:00:00 is out of bounds'), ('headers => ''[]''', 'headers is not an object but of type array'),
  ('tags => ''{a b}''', 'tag ''a b'' is not a name')) v (arguments, message);
select isnt(faultline.submit_transaction('big', 't', jsonb_build_object('a', repeat('x', 262144 - 9))), null, 'a request of 262144 bytes');

-- What has the same hash in PostgreSQL is not the same: amounts that changed places.
create function tap.payments(first int, last int) returns jsonb language sql as $$
select jsonb_build_object('payments', jsonb_agg(case n when 1 then first when 33 then last else 0 end order by n)) from generate_series(1, 33) n $$;
select isnt(faultline.submit_transaction('payments', 't', payments(10, 90)), null, 'payments');
select refuses($$select faultline.submit_transaction('payments', 't', payments(90, 10))$$, 'FL002',
  format('transaction ''payments'' stands for job %s, which has another kind or request', (transaction('payments')).job_id), 'other payments');
select refuses($$select faultline.submit_transaction('payments', 'u', payments(10, 90))$$, 'FL002',
  format('transaction ''payments'' stands for job %s, which has another kind or request', (transaction('payments')).job_id), 'another kind');

-- In a database restored from elsewhere the sequence of jobs is behind: ids that transactions have are passed over.
select last_value as drawn from faultline.jobs_live_job_id_seq \gset
set session_replication_role = replica;
insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at) select 'restored ' || n, 't', '{}', 0, :drawn + n, now() from generate_series(1, 2) n;
set session_replication_role = origin;
select is(faultline.submit_transaction('next', 't'), :drawn + 3::bigint, 'the first id that no transaction has');
select is((transaction('next')).job_id, :drawn + 3::bigint, 'is its job''s');
select is((job(:drawn + 3)).transaction_id, 'next', 'which carries it out');

-- In the caller's transaction: what is rolled back never happened, and its id is free.
savepoint before;
select faultline.submit_transaction('undone', 't', '{"n": 1}');
rollback to before;
select isnt(faultline.submit_transaction('undone', 't', '{"n": 2}'), null, 'an id of what was rolled back is free');

select is(changed, answer, role || ' may') from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator']) role,
  lateral (select act(role, format('select faultline.submit_transaction(%L, ''t'', ''{"a": 1}'')::text', role)) as changed) c, lateral (select (transaction(role)).job_id::text as answer) a;
select refused('faultline_observer', 'select faultline.submit_transaction(''o'', ''t'')', '42501', 'permission denied for function submit_transaction');

select * from finish();
rollback;
