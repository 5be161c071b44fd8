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
  ('payload = null', '23502'), ('type = null', '23502'), ('queue = null', '23502'), ('ready_at = null', '23502'), ('tags = null', '23502')
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
from unnest(array['fail', 'expire', 'release', 'snooze', 'cancelled', 'cancel_requested', 'cancel', 'retry', 'discard', 'stale', 'pause', 'resume', 'set_queue', 'set_settings']) verb;
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

-- idempotency_keys and runners.
select is(violates(format('insert into faultline.idempotency_keys values (''q'', ''k'', 1, 1, now(), now()), (%L, %L, 2, 2, now(), now())', queue, key)), expected, format('key k of queue q, and key %s of queue %s', key, queue))
from (values ('q', 'k', 'idempotency_keys_pkey'), ('q', 'l', 'right'), ('r', 'k', 'right')) as v (queue, key, expected);
select is(violates('insert into faultline.runners (runner, host, pid, version, started_at, last_seen_at) select u, ''h'', 1, ''v'', now(), now() from unnest(array[gen_random_uuid()]) u, generate_series(1, 2)'), 'runners_pkey', 'a runner is known once');

-- Nothing is left over: every CHECK of the tables has been seen above.
select set_eq(
  $$select conname::text from pg_constraint where connamespace = 'faultline'::regnamespace and contype = 'c' and conrelid not in (select inhrelid from pg_inherits)$$,
  $$values ('jobs_live_state'), ('jobs_live_lease'), ('jobs_live_failures'), ('jobs_live_finished'), ('jobs_live_attempt'), ('jobs_live_priority'), ('jobs_done_move'), ('job_events_verb_check'),
           ('settings_only_row_check'), ('settings_retention_check'), ('settings_event_retention_check'), ('settings_max_attempts_check'), ('settings_lease_check'),
           ('queues_max_running_check'), ('queues_max_attempts_check'), ('queues_lease_check')$$,
  'a CHECK that is new has its tests here');

select * from finish();
rollback;
