\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Every CHECK and every key from both sides, written as the owner of the tables would write: no function is between.
-- The moves of a job are the triggers', and jobs_live_moves' tests.
set local session_replication_role = replica;

create function tap.violates(statement text) returns text language plpgsql
as $$
declare
  broken text;
begin
  begin
    execute statement;
    raise exception using errcode = 'ZZ000';
  exception
    when sqlstate 'ZZ000' then return 'right';
    when check_violation or unique_violation or not_null_violation or generated_always then
      get stacked diagnostics broken = constraint_name;
      return coalesce(nullif(broken, ''), sqlstate);
  end;
end
$$;

create table tap.live (like faultline.jobs_live including defaults);
insert into tap.live (job_id, ready_at, created_at, max_attempts, priority, type, queue, payload) values (1, now(), now(), 5, 2, 't', 'q', '{}');
create table tap.finished (like faultline.jobs_done including defaults);
insert into tap.finished (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
values (1, now(), now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'q', '{}', '{}');

-- jobs_live: a row that is like a good one but for this.
create function tap.row_that_is(base text, change text) returns text language sql
as $$
select violates(format(
  'create temporary table r on commit drop as select * from tap.live; update r set %s; update r set %s; insert into faultline.jobs_live select * from r', base, change))
$$;
create function tap.live_row(change text) returns text language sql as $$ select row_that_is('state = ''queued''', change) $$;
create function tap.running_row(change text) returns text language sql
as $$ select row_that_is('state = ''running'', attempt = 1, lease_owner = gen_random_uuid(), lease_expires_at = now()', change) $$;
create function tap.failed_row(change text) returns text language sql
as $$ select row_that_is('state = ''failed'', attempt = 1, failures = 1, finished_at = now()', change) $$;
select is(live_row(change), expected, 'queued, but ' || change)
from (values
  ('state = ''queued''', 'right'), ('state = ''done'', attempt = 1', 'jobs_live_state'), ('state = ''succeeded'', attempt = 1', 'jobs_live_state'),
  ('state = null', '23502'), ('priority = 1', 'right'), ('priority = 4', 'right'), ('priority = 0', 'jobs_live_priority'), ('priority = 5', 'jobs_live_priority'),
  ('failures = 4', 'right'), ('failures = 5', 'jobs_live_failures'), ('failures = -1', 'jobs_live_failures'),
  ('attempt = 0', 'right'), ('attempt = -1', 'jobs_live_attempt'), ('attempt = 7', 'right'),
  ('finished_at = now()', 'jobs_live_finished'), ('lease_owner = gen_random_uuid()', 'jobs_live_lease'), ('lease_expires_at = now()', 'jobs_live_lease'),
  ('payload = null', 'right'), ('type = null', '23502'), ('queue = null', '23502'), ('ready_at = null', '23502'), ('tags = null', '23502')
) as v (change, expected);
select is(running_row(change), expected, 'running, but ' || change)
from (values
  ('job_id = 1', 'right'), ('lease_owner = null', 'jobs_live_lease'), ('lease_expires_at = null', 'jobs_live_lease'), ('attempt = 0', 'jobs_live_attempt'),
  ('failures = 5', 'right'), ('failures = 6', 'jobs_live_failures'), ('finished_at = now()', 'jobs_live_finished')
) as v (change, expected);
select is(failed_row(change), expected, 'failed, but ' || change)
from (values
  ('job_id = 1', 'right'), ('failures = 5', 'right'), ('failures = 6', 'jobs_live_failures'), ('finished_at = null', 'jobs_live_finished'),
  ('attempt = 0', 'jobs_live_attempt'), ('lease_owner = gen_random_uuid()', 'jobs_live_lease')
) as v (change, expected);
select is(violates('insert into faultline.jobs_live select * from tap.live; insert into faultline.jobs_live select * from tap.live'), 'jobs_live_pkey', 'a job is live once');

-- jobs_done: the last move.
select is(
  violates(format('insert into faultline.jobs_done select * from tap.finished; create temporary table r on commit drop as select * from tap.finished; update r set job_id = 2, from_state = %L, state = %L; insert into faultline.jobs_done select * from r', f, s)),
  case when (f, s) in (('running', 'succeeded'), ('running', 'cancelled'), ('queued', 'cancelled'), ('failed', 'discarded')) then 'right' else 'jobs_done_move' end,
  format('%s → %s', f, s))
from unnest(array['queued', 'running', 'failed', 'succeeded']) f, unnest(array['succeeded', 'cancelled', 'discarded', 'failed', 'queued', 'running']) s;
select matches(violates('insert into faultline.jobs_done select * from tap.finished; insert into faultline.jobs_done select * from tap.finished'), '^jobs_done_\d{8}_pkey$',
  'a job does not finish twice at one time (nor at two: jobs_live is left once)');
set local session_replication_role = origin;
insert into faultline.jobs_done select * from tap.finished;
select throws_ok('update faultline.jobs_done set result = ''{}''', 'FL003', format('a row of jobs_done_%s is never changed', to_char(now() at time zone 'UTC', 'YYYYMMDD')), 'a finished job is never changed');
insert into faultline.job_events (at, verb, actor) values (now(), 'pause', 'x');
select throws_ok('update faultline.job_events set actor = ''y''', 'FL003', format('a row of job_events_%s is never changed', to_char(now() at time zone 'UTC', 'YYYYMMDD')), 'nor is an event');
set local session_replication_role = replica;

-- job_events.
select is(violates(format('insert into faultline.job_events (at, verb, actor) values (now(), %L, ''x'')', verb)), 'right', 'verb ' || verb)
from unnest(array['fail', 'expire', 'release', 'snooze', 'cancelled', 'cancel_requested', 'cancel', 'retry', 'discard', 'stale', 'pause', 'resume', 'set_queue', 'set_settings', 'fail_transaction', 'set_account',
                  'cancel_run', 'resume_run', 'signal_run', 'create_token', 'revoke_token']) verb;
select is(violates(statement), expected, statement)
from (values
  ('insert into faultline.job_events (at, verb, actor) values (now(), ''complete'', ''x'')', 'job_events_verb_check'),
  ('insert into faultline.job_events (at, verb, actor) values (now(), null, ''x'')', '23502'),
  ('insert into faultline.job_events (at, verb, actor) values (now(), ''fail'', null)', '23502'),
  ('insert into faultline.job_events (at, verb, actor, event_id) values (now(), ''fail'', ''x'', 1)', '428C9')
) as v (statement, expected);

-- settings: one row, within its limits.
select is(violates('insert into faultline.settings default values'), 'settings_pkey', 'there is one row of settings');
select is(violates('insert into faultline.settings (only_row) values (false)'), 'settings_only_row_check', 'and never another');
select is(violates('update faultline.settings set ' || change), expected, 'settings: ' || change)
from (values
  ('retention = ''1 day''', 'right'), ('retention = ''3650 days''', 'right'), ('retention = ''23:59:59''', 'settings_retention_check'), ('retention = ''3651 days''', 'settings_retention_check'),
  ('event_retention = ''1 day''', 'right'), ('event_retention = ''3650 days''', 'right'), ('event_retention = ''23:59:59''', 'settings_event_retention_check'), ('event_retention = ''3651 days''', 'settings_event_retention_check'),
  ('max_attempts = 1', 'right'), ('max_attempts = 100', 'right'), ('max_attempts = 0', 'settings_max_attempts_check'), ('max_attempts = 101', 'settings_max_attempts_check'),
  ('lease = ''1 second''', 'right'), ('lease = ''24 hours''', 'right'), ('lease = ''999 ms''', 'settings_lease_check'), ('lease = ''24:00:01''', 'settings_lease_check'),
  ('backoff = null', '23502'), ('lease = null', '23502'), ('retention = null', '23502')
) as v (change, expected);

-- queues.
select is(violates('insert into faultline.queues values (''q''), (''q'')'), 'queues_pkey', 'a queue has one row');
select is(violates('insert into faultline.queues (queue) values (''q''); update faultline.queues set ' || change), expected, 'queues: ' || change)
from (values
  ('max_running = null, max_attempts = null, backoff = null, lease = null, paused_at = null, paused_note = null', 'right'),
  ('max_running = 1', 'right'), ('max_running = 1000000', 'right'), ('max_running = 0', 'queues_max_running_check'), ('max_running = 1000001', 'queues_max_running_check'),
  ('max_attempts = 1', 'right'), ('max_attempts = 100', 'right'), ('max_attempts = 0', 'queues_max_attempts_check'), ('max_attempts = 101', 'queues_max_attempts_check'),
  ('lease = ''1 second''', 'right'), ('lease = ''24 hours''', 'right'), ('lease = ''999 ms''', 'queues_lease_check'), ('lease = ''24:00:01''', 'queues_lease_check'),
  ('queue = null', '23502')
) as v (change, expected);

-- payloads.
select is(violates(format('insert into faultline.payloads values (1, ''{}''), (%s, %s)', job, payload)), expected, format('payloads: one of job %s, %s', job, payload))
from (values ('2', '''[]''', 'right'), ('1', '''{}''', 'payloads_pkey'), ('2', 'null', '23502'), ('null', '''{}''', '23502')) as v (job, payload, expected);

-- idempotency_keys and runners.
select is(violates(format('insert into faultline.idempotency_keys values (''q'', ''k'', 1, 1, now(), now()), (%L, %L, 2, 2, now(), now())', queue, key)), expected, format('key k of queue q, and key %s of queue %s', key, queue))
from (values ('q', 'k', 'idempotency_keys_pkey'), ('q', 'l', 'right'), ('r', 'k', 'right')) as v (queue, key, expected);
select is(violates('insert into faultline.runners (runner, host, pid, version, started_at, last_seen_at) select u, ''h'', 1, ''v'', now(), now() from unnest(array[gen_random_uuid()]) u, generate_series(1, 2)'), 'runners_pkey', 'a runner is known once');

-- transactions.
create function tap.row_of(table_ text, columns_ text, good text, change text) returns text language sql
as $$
select violates(format(
  'create temporary table r (like faultline.%1$I including defaults) on commit drop; insert into r (%2$s) values (%3$s); update r set %4$s; insert into faultline.%1$I overriding system value select * from r', table_, columns_, good, change))
$$;
create function tap.transaction_row(change text) returns text language sql
as $$ select row_of('transactions', 'transaction_id, kind, request, request_hash, job_id, created_at', '''x'', ''t'', ''{}'', 1, 1, now()', change) $$;
select is(transaction_row(change), expected, 'transaction: ' || change)
from (values
  ('state = ''INIT''', 'right'), ('state = ''APPLIED''', 'right'), ('state = ''RECONCILED'', settled_at = now()', 'right'), ('state = ''FAILED'', settled_at = now(), reason = ''r''', 'right'),
  ('state = ''DONE''', 'transactions_state'), ('state = null', '23502'),
  ('reason = ''r''', 'transactions_reason'), ('state = ''APPLIED'', reason = ''r''', 'transactions_reason'), ('state = ''RECONCILED'', settled_at = now(), reason = ''r''', 'transactions_reason'),
  ('state = ''FAILED'', settled_at = now()', 'transactions_reason'),
  ('settled_at = now()', 'transactions_settled'), ('state = ''APPLIED'', settled_at = now()', 'transactions_settled'), ('state = ''RECONCILED''', 'transactions_settled'),
  ('state = ''FAILED'', reason = ''r''', 'transactions_settled'), ('due_at = now()', 'right'), ('state = ''APPLIED'', due_at = now()', 'right'),
  ('state = ''RECONCILED'', settled_at = now(), due_at = now()', 'transactions_settled'),
  ('job_state = ''succeeded''', 'right'), ('job_state = ''cancelled''', 'right'), ('job_state = ''discarded''', 'right'), ('job_state = ''failed''', 'transactions_job_state_check'),
  ('job_state = ''queued''', 'transactions_job_state_check'), ('kind = null', '23502'), ('request = null', '23502'), ('job_id = null', '23502'), ('created_at = null', '23502')
) as v (change, expected);
insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at) values ('there', 't', '{}', 1, 77, now());
select is(transaction_row('transaction_id = ''there'''), 'transactions_pkey', 'an id is used once');
select is(transaction_row('job_id = 77'), 'transactions_job', 'one job, one transaction');

-- effects.
create function tap.effect_row(change text) returns text language sql
as $$ select row_of('effects', 'transaction_id, name, key, request, request_hash, attempt, created_at', '''there'', ''e'', ''k'', ''{}'', 1, 1, now()', change) $$;
select is(effect_row(change), expected, 'effect: ' || change)
from (values
  ('state = ''INIT''', 'right'), ('state = ''SENT'', sent_at = now()', 'right'), ('state = ''APPLIED'', sent_at = now(), settled_at = now()', 'right'), ('state = ''ABSENT'', sent_at = now(), settled_at = now()', 'right'),
  ('state = ''UNKNOWN'', sent_at = now()', 'effects_state'), ('state = ''SENT''', 'effects_sent'), ('sent_at = now()', 'effects_sent'), ('state = ''APPLIED'', settled_at = now()', 'effects_sent'),
  ('state = ''APPLIED'', sent_at = now()', 'effects_settled'), ('state = ''ABSENT'', sent_at = now()', 'effects_settled'), ('settled_at = now()', 'effects_settled'), ('state = ''SENT'', sent_at = now(), settled_at = now()', 'effects_settled'),
  ('state = ''SENT'', sent_at = now(), ask_at = now()', 'right'), ('state = ''SENT'', sent_at = now(), unknown_since = now()', 'right'), ('ask_at = now()', 'effects_settled'), ('unknown_since = now()', 'effects_settled'),
  ('state = ''ABSENT'', sent_at = now(), settled_at = now(), ask_at = now()', 'effects_settled'), ('state = ''APPLIED'', sent_at = now(), settled_at = now(), unknown_since = now()', 'effects_settled'),
  ('key = null', '23502'), ('request = null', '23502'), ('attempt = null', '23502'), ('asks = null', '23502')
) as v (change, expected);
insert into faultline.effects (transaction_id, name, key, request, request_hash, attempt, created_at) values ('there', 'f', 'l', '{}', 1, 1, now());
select is(effect_row('name = ''f'''), 'effects_pkey', 'an effect of a transaction is begun once');
select is(effect_row('key = ''l'''), 'effects_key', 'a key stands for one effect');

-- ledger_entries, postings.
create function tap.entry_row(change text) returns text language sql
as $$ select row_of('ledger_entries', 'entry_id, transaction_id, job_id, attempt, effect, applied_at', '2, ''x'', 1, 1, ''{}'', now()', change) $$;
insert into faultline.ledger_entries (entry_id, transaction_id, job_id, attempt, effect, applied_at) overriding system value values (1, 'there', 77, 1, '{}', now());
select is(entry_row(change), expected, 'entry: ' || change)
from (values ('attempt = 2', 'right'), ('entry_id = 1', 'ledger_entries_pkey'), ('transaction_id = ''there''', 'ledger_entries_transaction'), ('job_id = 77', 'ledger_entries_job'),
  ('effect = null', '23502'), ('applied_at = null', '23502'), ('attempt = null', '23502'), ('job_id = null', '23502')) as v (change, expected);
create function tap.posting_row(change text) returns text language sql
as $$ select row_of('postings', 'posting_id, entry_id, account, currency, amount', '2, 1, ''a'', ''EUR'', 1', change) $$;
insert into faultline.postings (posting_id, entry_id, account, currency, amount) overriding system value values (1, 1, 'a', 'EUR', 1);
select is(posting_row(change), expected, 'posting: ' || change)
from (values ('amount = -1', 'right'), ('amount = 99999999999999999999.999999999999999999', 'right'), ('amount = -99999999999999999999.999999999999999999', 'right'), ('amount = 0.000000000000000001', 'right'),
  ('amount = 0', 'postings_amount'), ('amount = 1e20', 'postings_amount'), ('amount = -1e20', 'postings_amount'), ('amount = 0.0000000000000000001', 'postings_amount'), ('amount = 1.0000000000000000000', 'postings_amount'),
  ('amount = ''NaN''', 'postings_amount'), ('amount = ''Infinity''', 'postings_amount'), ('amount = ''-Infinity''', 'postings_amount'), ('amount = null', '23502'), ('account = null', '23502'), ('currency = null', '23502'),
  ('entry_id = null', '23502'), ('posting_id = 1', 'postings_pkey')) as v (change, expected);

-- accounts and checkpoints.
insert into faultline.accounts values ('there', 'EUR', 0);
select is(row_of('accounts', 'account, currency, floor', '''a'', ''EUR'', 0', change), expected, 'account: ' || change)
from (values ('floor = -99999999999999999999.999999999999999999', 'right'), ('floor = 99999999999999999999', 'right'), ('floor = 0.000000000000000001', 'right'), ('floor = -1e20', 'accounts_floor_check'),
  ('floor = 1e20', 'accounts_floor_check'), ('floor = ''NaN''', 'accounts_floor_check'), ('floor = ''-Infinity''', 'accounts_floor_check'), ('floor = 0.0000000000000000001', 'accounts_floor_check'), ('floor = null', '23502'),
  ('account = ''there''', 'accounts_pkey'), ('account = ''there'', currency = ''USD''', 'right')) as v (change, expected);
insert into faultline.account_checkpoints values ('there', 'EUR', 0);
select is(row_of('account_checkpoints', 'account, currency, balance', '''a'', ''EUR'', 0', change), expected, 'checkpoint: ' || change)
from (values ('balance = -7', 'right'), ('balance = null', '23502'), ('account = ''there''', 'account_checkpoints_pkey')) as v (change, expected);
select is(violates('insert into faultline.ledger_checkpoint default values'), 'ledger_checkpoint_pkey', 'there is one row of ledger_checkpoint');
select is(violates('insert into faultline.ledger_checkpoint (only_row) values (false)'), 'ledger_checkpoint_only_row_check', 'and never another');

-- The ledger's rows belong to each other.
set local session_replication_role = origin;
select throws_ok(statement, '23503', null, statement)
from unnest(array[
  'insert into faultline.effects (transaction_id, name, key, request, request_hash, attempt, created_at) values (''nobody'', ''e'', ''k'', ''{}'', 1, 1, now())',
  'insert into faultline.ledger_entries (entry_id, transaction_id, job_id, attempt, effect, applied_at) overriding system value values (9, ''nobody'', 1, 1, ''{}'', now())',
  'insert into faultline.postings (posting_id, entry_id, account, currency, amount) overriding system value values (9, 424242, ''a'', ''EUR'', 1)']) statement;
set local session_replication_role = replica;

-- Runs and their tasks.
insert into faultline.runs (run_id, root_run_id, workflow, version, input, idempotency_key, created_at) values (1, 1, 'w', 1, '{}', 'there', now());
create function tap.run_row(change text) returns text language sql
as $$ select row_of('runs', 'run_id, root_run_id, depth, workflow, version, state, input, created_at', '2, 2, 0, ''w'', 1, ''running'', ''{}'', now()', change) $$;
select is(run_row(change), expected, 'run: ' || change)
from (values ('depth = 1', 'right'), ('run_id = 1, root_run_id = 1', 'runs_pkey'), ('idempotency_key = ''there''', 'runs_key'), ('idempotency_key = ''there'', workflow = ''v''', 'right'), ('state = ''waiting'', finished_at = now()', 'runs_state'),
  ('state = ''failed''', 'runs_finished'), ('state = ''failed'', finished_at = now()', 'right'), ('state = ''succeeded'', finished_at = now()', 'right'), ('state = ''cancelled'', finished_at = now()', 'right'), ('finished_at = now()', 'runs_finished'),
  ('root_run_id = 1', 'runs_family'), ('root_run_id = 1, parent_run_id = 1', 'runs_family'), ('root_run_id = 1, parent_run_id = 1, parent_task = ''t''', 'right'), ('parent_task = ''t''', 'runs_family'),
  ('input = null', '23502'), ('version = null', '23502')) as v (change, expected);
insert into faultline.tasks (run_id, name, ordinal) values (1, 'there', 1);
create function tap.task_row(change text) returns text language sql
as $$ select row_of('tasks', 'run_id, name, item, ordinal, generation, state, after_failure', '1, ''a'', -1, 1, 1, ''waiting'', false', change) $$;
select is(task_row(change), expected, 'task: ' || change)
from (values ('item = 0', 'right'), ('name = ''there''', 'tasks_pkey'), ('name = ''there'', item = 0', 'right'), ('state = ''done''', 'tasks_state'), ('state = ''queued''', 'tasks_job'), ('state = ''queued'', job_id = 1', 'right'),
  ('state = ''running''', 'right'), ('state = ''running'', due_at = now()', 'right'), ('finished_at = now()', 'tasks_finished'), ('state = ''skipped''', 'tasks_finished'), ('state = ''skipped'', finished_at = now()', 'right'),
  ('state = ''succeeded'', finished_at = now(), due_at = now()', 'tasks_finished'), ('state = ''failed'', finished_at = now()', 'right'), ('state = ''cancelled'', finished_at = now()', 'right'), ('ordinal = null', '23502')) as v (change, expected);
insert into faultline.run_signals values (1, 'there', null, now());
select is(row_of('run_signals', 'run_id, name, at', '1, ''s'', now()', change), expected, 'signal: ' || change) from (values ('run_id = 2', 'right'), ('name = ''there''', 'run_signals_pkey'), ('at = null', '23502')) as v (change, expected);
insert into faultline.workflows values ('w', 1, '{}', 0, now());
select is(row_of('workflows', 'workflow, version, spec, spec_hash, created_at', '''w'', 2, ''{}'', 0, now()', change), expected, 'workflow: ' || change) from (values ('spec_hash = 1', 'right'), ('version = 1', 'workflows_pkey'), ('spec = null', '23502')) as v (change, expected);
select is(violates(format('insert into faultline.jobs_live (type, queue, payload, max_attempts, priority, ready_at, created_at, run_id, task) select ''t'', ''q'', ''{}'', 5, 2, now(), now(), %s, ''a'' from generate_series(1, 2)', run)), expected, 'two live jobs of a task: run ' || run)
from (values ('7', 'jobs_live_task'), ('null', 'right')) as v (run, expected);

insert into faultline.schedules (schedule, version, definition, every, missed, missed_window, missed_limit, overlap, ticks_after, created_at, changed_at, changed_xid)
values ('there', 1, '{}', 60, 'latest', '1 day', 1, 'allow', now(), now(), now(), '1');
create function tap.schedule_row(change text) returns text language sql
as $$ select row_of('schedules', 'schedule, version, definition, every, missed, missed_window, missed_limit, overlap, ticks_after, created_at, changed_at, changed_xid',
  '''s'', 1, ''{}'', 60, ''latest'', ''1 day'', 1, ''allow'', now(), now(), now(), ''1''', change) $$;
select is(schedule_row(change), expected, 'schedule: ' || change)
from (values ('schedule = ''there''', 'schedules_pkey'), ('every = 1', 'right'), ('every = 0', 'schedules_every'), ('every = 31622400', 'right'), ('every = 31622401', 'schedules_every'), ('every = null', 'schedules_calendar'),
  ('every = null, cron = ''x'', timezone = ''UTC'', calendar = ''{}''', 'right'), ('cron = ''x'', timezone = ''UTC'', calendar = ''{}''', 'schedules_calendar'), ('every = null, cron = ''x'', calendar = ''{}''', 'schedules_calendar'),
  ('every = null, cron = ''x'', timezone = ''UTC''', 'schedules_calendar'), ('timezone = ''UTC''', 'schedules_calendar'), ('missed = ''skip'', overlap = ''skip''', 'right'), ('missed = ''all''', 'right'), ('missed = ''none''', 'schedules_rules'),
  ('overlap = ''queue''', 'schedules_rules'), ('starts_at = now(), ends_at = now()', 'schedules_span'), ('starts_at = now(), ends_at = now() + interval ''1 s''', 'right'), ('forgotten_missed = -1', 'schedules_forgotten'), ('ticks_after = null', '23502')) as v (change, expected);
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, job_id, version, fired_at) values ('there', now(), 'calendar', 'made', 1, 1, now());
insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, run_id, version, fired_at) values ('there', now() - interval '1 d', 'calendar', 'made', 1, 1, now());
create function tap.tick_row(change text) returns text language sql
as $$ select row_of('schedule_ticks', 'schedule, tick_at, kind, outcome, job_id, run_id, missed, version, fired_at', '''there'', now() - interval ''1 s'', ''calendar'', ''made'', 2, null, 0, 1, now()', change) $$;
select is(tick_row(change), expected, 'tick: ' || change)
from (values ('tick_at = now()', 'schedule_ticks_pkey'), ('tick_at = now() + interval ''1 us''', 'schedule_ticks_due'), ('tick_at = now() + interval ''1 us'', kind = ''now''', 'right'),
  ('kind = ''backfill''', 'right'), ('kind = ''hand''', 'schedule_ticks_kind'), ('job_id = 1', 'schedule_ticks_job'), ('job_id = null, run_id = 1', 'schedule_ticks_run'), ('job_id = null, run_id = 2', 'right'), ('run_id = 2', 'schedule_ticks_outcome'),
  ('job_id = null', 'schedule_ticks_outcome'), ('outcome = ''skipped''', 'schedule_ticks_outcome'), ('outcome = ''skipped'', job_id = null', 'right'), ('outcome = ''failed''', 'schedule_ticks_outcome'), ('outcome = ''failed'', job_id = null', 'right'),
  ('outcome = ''missed'', job_id = null', 'schedule_ticks_outcome'), ('outcome = ''missed'', job_id = null, missed = 1', 'right'), ('outcome = ''missed'', missed = 1', 'schedule_ticks_outcome'), ('outcome = ''lost'', job_id = null', 'schedule_ticks_outcome'),
  ('missed = -1', 'schedule_ticks_missed'), ('version = null', '23502')) as v (change, expected);
-- api_tokens.
select is(violates(format('insert into faultline.api_tokens (secret_hash, scopes, name, created_at, created_by, expires_at) values (%s)', row_)), expected, row_)
from (values
  ('sha256(''y''), ''{read}'', '''', now(), ''x'', null', 'right'), ('sha256(''y''), ''{read,enqueue,operate}'', '''', now(), ''x'', now() + interval ''1 us''', 'right'),
  ('''\x00'', ''{read}'', '''', now(), ''x'', null', 'api_tokens_hash'), ('sha256(''y''), ''{}'', '''', now(), ''x'', null', 'api_tokens_scopes'),
  ('sha256(''y''), ''{other}'', '''', now(), ''x'', null', 'api_tokens_scopes'), ('sha256(''y''), ''{read,read,read,read}'', '''', now(), ''x'', null', 'api_tokens_scopes'),
  ('sha256(''y''), ''{read}'', '''', now(), ''x'', now()', 'api_tokens_expiry')
) as v (row_, expected);

-- Nothing is left over: every CHECK of the tables has been seen above.
select set_eq(
  $$select conname::text from pg_constraint where connamespace = 'faultline'::regnamespace and contype = 'c' and conrelid not in (select inhrelid from pg_inherits)$$,
  $$values ('jobs_live_state'), ('jobs_live_lease'), ('jobs_live_failures'), ('jobs_live_finished'), ('jobs_live_attempt'), ('jobs_live_priority'), ('jobs_done_move'), ('job_events_verb_check'),
           ('settings_only_row_check'), ('settings_retention_check'), ('settings_event_retention_check'), ('settings_max_attempts_check'), ('settings_lease_check'),
           ('queues_max_running_check'), ('queues_max_attempts_check'), ('queues_lease_check'),
           ('transactions_state'), ('transactions_reason'), ('transactions_settled'), ('transactions_job_state_check'), ('effects_state'), ('effects_sent'), ('effects_settled'),
           ('postings_amount'), ('accounts_floor_check'), ('ledger_checkpoint_only_row_check'),
           ('runs_state'), ('runs_finished'), ('runs_family'), ('tasks_state'), ('tasks_finished'), ('tasks_job'),
           ('schedules_calendar'), ('schedules_every'), ('schedules_rules'), ('schedules_span'), ('schedules_forgotten'),
           ('schedule_ticks_kind'), ('schedule_ticks_outcome'), ('schedule_ticks_due'), ('schedule_ticks_missed'),
           ('api_tokens_hash'), ('api_tokens_scopes'), ('api_tokens_expiry')$$,
  'a CHECK that is new has its tests here');

select * from finish();
rollback;
