\ir ../../support/operating.sql
select * from no_plan();

-- Someone who may call the functions makes tables, functions, types and operators of names that they use, and puts them
-- first on the path. Nothing of it is ever looked at: every name is qualified, and the path of every function is pinned.
-- Runs a statement as the trapper, on a path of traps, and says how it went.
create function tap.trapped(statement text) returns text language plpgsql
as $$
declare
  outcome text := 'fine';
begin
  perform set_config('role', 'trapper', true);
  perform set_config('search_path', 'pg_temp, trap, pg_catalog', true);
  begin
    execute statement;
  exception when others then
    outcome := sqlerrm;
  end;
  perform pg_catalog.set_config('search_path', 'tap, public', true);
  perform pg_catalog.set_config('role', 'none', true);
  return outcome;
end
$$;

create role trapper;
grant faultline_runner, faultline_operator to trapper;
create schema trap authorization trapper;
grant temporary on database :DBNAME to trapper;
set role trapper;
set search_path = pg_temp, trap, pg_catalog;
create temporary table jobs_live (job_id bigint, state text, queue text);
create temporary table jobs_done (job_id bigint, state text);
create temporary table queues (queue text, max_running int);
create temporary table settings (max_attempts int, lease interval, retention interval);
create temporary table job_events (job_id bigint, verb text);
create temporary table idempotency_keys (key text);
create temporary table runners (runner uuid);
create temporary table transactions (transaction_id text, state text, job_id bigint, request_hash bigint);
create temporary table effects (transaction_id text, name text, state text);
create temporary table ledger_entries (entry_id bigint, transaction_id text, job_id bigint, attempt int);
create temporary table postings (entry_id bigint, account text, currency text, amount numeric);
create temporary table accounts (account text, currency text, floor numeric);
create temporary table account_checkpoints (account text, currency text, balance numeric);
create temporary table ledger_checkpoint (folded_to bigint);
create temporary table pg_class (oid oid, relname name);
create temporary table pg_inherits (inhrelid oid);
create temporary table pg_proc (oid oid);
create function trap.caught() returns void language plpgsql as $$ begin raise exception 'caught'; end $$;
create function trap.format(text, text) returns text language sql as 'select trap.caught()::text';
create function trap._check_name(text, text) returns void language sql as 'select trap.caught()';
create function trap._record(bigint, int, text, uuid, jsonb) returns void language sql as 'select trap.caught()';
create function trap.clock_timestamp() returns timestamptz language plpgsql as $$ begin perform trap.caught(); return now(); end $$;
create function trap.now() returns pg_catalog.timestamptz language plpgsql as $$ begin perform trap.caught(); return null; end $$;
create function trap.equal(text, text) returns boolean language plpgsql as $$ begin perform trap.caught(); return true; end $$;
create operator trap.= (leftarg = text, rightarg = text, function = trap.equal);
create function trap.later(timestamptz, interval) returns timestamptz language plpgsql as $$ begin perform trap.caught(); return null; end $$;
create operator trap.+ (leftarg = timestamptz, rightarg = interval, function = trap.later);
create function trap.sum(numeric) returns numeric language plpgsql as $$ begin perform trap.caught(); return 0; end $$;
create function trap.unequal(numeric, numeric) returns boolean language plpgsql as $$ begin perform trap.caught(); return false; end $$;
create operator trap.<> (leftarg = numeric, rightarg = numeric, function = trap.unequal);
create domain trap.timestamptz as pg_catalog.timestamptz check (value is null);
create domain trap.int4 as pg_catalog.int4 check (value is null);
reset search_path;
reset role;

select is(trapped($$select now()$$), 'caught', 'the traps work');
select is(trapped($$select 'a' = 'b'::text$$), 'caught', 'operators too');
select is(trapped($$select faultline.enqueue('t', '{"a": 1}', idempotency_key => 'k')$$), 'fine', 'enqueue');
select is(trapped($$select * from faultline.enqueue_many('[{"type": "t", "run_at": "2020-01-01", "tags": ["x"]}, {"type": "t", "idempotency_key": "l"}]')$$), 'fine', 'enqueue_many');
select is(trapped($$select faultline.enqueue_bulk('t', '[{"a": 1}]', tags => '{x}')$$), 'fine', 'enqueue_bulk');
select is(trapped($$select * from faultline.claim_jobs('{default}', '11111111-1111-1111-1111-111111111111', 2)$$), 'fine', 'claim_jobs');
select is(trapped($$select faultline.fail_job((s ->> 'job_id')::bigint, 1, '{}', false) from (select faultline.job_status(1)) v (s)$$), 'fine', 'fail_job, job_status');
select is(trapped($$select * from faultline.complete_jobs('{1,2,3,4}', '{1,1,1,1}')$$), 'fine', 'complete_jobs');
select is(trapped($$select * from faultline.fail_jobs('{1,2,3,4}', '{1,1,1,1}', null, '{t,f,t,f}', '{0,0,1 s,NULL}')$$), 'fine', 'fail_jobs');
select is(trapped($$select * from faultline.heartbeat('11111111-1111-1111-1111-111111111111', '{1,2}', '{1,1}', '1 minute')$$), 'fine', 'heartbeat');
select is(trapped($$select faultline.reap_expired(), faultline.release_unknown('11111111-1111-1111-1111-111111111111', '{}'), faultline.next_ready('{default}'), faultline.unfinished(), faultline.bell('default')$$), 'fine', 'the reaper and its like');
select is(trapped($$select faultline.ready_queues()$$), 'fine', 'ready_queues');
select is(trapped($$select faultline.advance_floor('{default}', faultline.advance_floor('{default}'))$$), 'fine', 'advance_floor');
select is(trapped($$select faultline.pause_queue('q'), faultline.resume_queue('q'), faultline.set_queue('q', '{"lease": "1 minute", "backoff": {"delay": "1s"}}'), faultline.set_settings('{"lease": "1 minute"}')$$), 'fine', 'queues and settings');
select is(trapped($$select faultline.register_runner('11111111-1111-1111-1111-111111111111', 'h', 1, 'v'), faultline.remove_runner('11111111-1111-1111-1111-111111111111')$$), 'fine', 'runners');
select is(trapped($$select faultline.why(1), faultline.schema_version()$$), 'fine', 'why');
select is(trapped($$select faultline.submit_transaction('x', 't', '{"a": 1}', 'ledger', headers => '{"h": 1}'), faultline.submit_transaction('y', 't', queue => 'ledger'), faultline.submit_transaction('z', 't', queue => 'ledger')$$), 'fine', 'submit_transaction');
select is(trapped($$select * from faultline.claim_jobs('{ledger}', '11111111-1111-1111-1111-111111111111', 3)$$), 'fine', 'their claim');
-- The jobs in the order of their transactions, for who may not read them.
select array_agg(job_id order by transaction_id) as jobs from faultline.jobs_live where queue = 'ledger' \gset
select set_config('trap.jobs', :'jobs', false) \g /dev/null
select is(trapped($$select faultline.open_ledger(((current_setting('trap.jobs')::bigint[])[1]), 1, 'x'), faultline.find_entry(((current_setting('trap.jobs')::bigint[])[1]), 1, 'x')$$), 'fine', 'open_ledger, find_entry');
select is(trapped($$select faultline.begin_effect((current_setting('trap.jobs')::bigint[])[1], 1, 'x', 'e'), faultline.effect_sent((current_setting('trap.jobs')::bigint[])[1], 1, 'x', 'e'),
  faultline.settle_effect((current_setting('trap.jobs')::bigint[])[1], 1, 'x', 'e', 'APPLIED', '{"r": 1}')$$), 'fine', 'effects');
select is(trapped($$select faultline.set_account('a', 'EUR', -100), faultline.account_balance('a'), faultline.set_account('b', 'EUR', null)$$), 'fine', 'accounts');
begin;
select is(trapped($$select * from faultline.apply_and_complete((current_setting('trap.jobs')::bigint[])[1], 1, 'x', '{"a": 1}', '[{"account": "a", "amount": -1, "currency": "EUR"}, {"account": "b", "amount": 1, "currency": "EUR"}]')$$), 'fine', 'apply_and_complete');
select is(trapped($$set constraints all immediate$$), 'fine', 'what is checked at commit');
commit;
select is(trapped($$select * from faultline.apply_ledger((current_setting('trap.jobs')::bigint[])[2], 1, 'y', '{}')$$), 'fine', 'apply_ledger');
select is(trapped($$select faultline.begin_effect((current_setting('trap.jobs')::bigint[])[3], 1, 'z', 'e'), faultline.effect_sent((current_setting('trap.jobs')::bigint[])[3], 1, 'z', 'e'), faultline.complete_job((current_setting('trap.jobs')::bigint[])[3], 1)$$), 'fine', 'an effect left SENT');
select is(trapped($$select faultline.reconcile(), faultline.effects_to_ask()$$), 'fine', 'reconcile, effects_to_ask');
select is(trapped($$select faultline.answer_effect('z', 'e', 'ABSENT')$$), 'fine', 'answer_effect');
select is(trapped($$select faultline.submit_transaction('w', 't'), faultline.fail_transaction('w', 'r'), faultline.transaction_status('x')$$), 'fine', 'fail_transaction, transaction_status');
select is(trapped($$select faultline.put_schedule('{"name": "s", "cron": "*/5 0-23 1,L * MON#1", "timezone": "Europe/Berlin", "type": "t", "timeout": "1s", "jitter": "1s", "overlap": "skip", "starts_at": "2026-01-01T00:00Z"}'), faultline.check_schedule('{"name": "s", "every": "1s", "type": "t"}'), faultline.pause_schedule('s', 'n'), faultline.resume_schedule('s')$$), 'fine', 'put_schedule, pause_schedule, resume_schedule');
select is(trapped($$select faultline.put_schedule('{"name": "e", "every": "1s", "type": "t", "queue": "trapped", "overlap": "skip"}'), faultline.fire_now('e'), faultline.fire_schedule('e', '2026-01-01Z', 1, true), faultline.fire_schedules('[{"schedule": "e", "version": 1, "tick_at": "2026-01-01T00:00:00Z", "after": "2026-01-01T00:00:00Z"}]')$$), 'fine', 'fire_now, fire_schedule, fire_schedules');
select is(trapped($$select faultline.schedule_changes(), faultline.zone_offsets('UTC', '2026-01-01Z', '2026-01-02Z'), faultline.delete_schedule('s'), faultline.delete_schedule('e')$$), 'fine', 'schedule_changes, zone_offsets, delete_schedule');
select is(trapped($$select * from faultline.metrics()$$), 'fine', 'metrics');
select is(trapped($$select * from faultline.verify()$$), 'fine', 'verify');
select is(trapped($$select faultline.maintain()$$), 'fine', 'maintain');
select is(trapped($$select * from faultline.jobs, faultline.event_log, faultline.queue_overview, faultline.runner_overview, faultline.transaction_log, faultline.effect_log, faultline.posting_log, faultline.account_balances, faultline.schedule_list, faultline.schedule_tick_log$$), 'fine', 'the views');
select is_empty('select from pg_temp.transactions union all select from pg_temp.effects union all select from pg_temp.ledger_entries union all select from pg_temp.postings union all select from pg_temp.accounts union all select from pg_temp.account_checkpoints', 'nothing went into the decoys of the ledger');
select results_eq('select transaction_id, state from faultline.transactions order by 1', $$values ('w', 'FAILED'), ('x', 'RECONCILED'), ('y', 'APPLIED'), ('z', 'FAILED')$$, 'but where it belongs');
select is_empty('select from pg_temp.jobs_live union all select from pg_temp.job_events union all select from pg_temp.idempotency_keys union all select from pg_temp.jobs_done union all select from pg_temp.queues union all select from pg_temp.runners',
  'nothing went into the decoys');
select is(count(*), 4::bigint, 'all of it went where it belongs') from faultline.jobs where queue = 'default' and type = 't' and job_id not in (select job_id from faultline.transactions);
-- A role is the cluster's.
drop owned by trapper cascade;
drop role trapper;

select * from finish();
