-- What enforces the promises must be there: constraints validated, triggers enabled, indexes valid; and promise 12, the
-- partitions that keep maintain() out of everybody's way.
create function faultline._verify_guards()
returns table (promise int, check_name text, subject text, detail text)
language plpgsql stable
as $$
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
begin
  return query
  select g.promise, 'guard_missing', g.what || ' ' || g.name, pg_catalog.format('table %s has no such %s, or it is not in force', g.relation, g.what)
  from (values
    (1, 'constraint', 'jobs_live_pkey', 'jobs_live'),
    (1, 'constraint', 'jobs_done_pkey', 'jobs_done'),
    (1, 'constraint', 'payloads_pkey', 'payloads'),
    (1, 'trigger', 'payloads_append_only', 'payloads'),
    (2, 'constraint', 'jobs_live_lease', 'jobs_live'),
    (2, 'constraint', 'jobs_live_state', 'jobs_live'),
    (2, 'constraint', 'jobs_done_move', 'jobs_done'),
    (2, 'trigger', 'jobs_live_born', 'jobs_live'),
    (3, 'trigger', 'jobs_live_moves', 'jobs_live'),
    (3, 'constraint', 'jobs_live_attempt', 'jobs_live'),
    (4, 'trigger', 'jobs_done_append_only', 'jobs_done'),
    (4, 'trigger', 'job_events_append_only', 'job_events'),
    (5, 'constraint', 'jobs_live_failures', 'jobs_live'),
    (6, 'constraint', 'idempotency_keys_pkey', 'idempotency_keys'),
    (7, 'constraint', 'ledger_entries_transaction', 'ledger_entries'),
    (7, 'constraint', 'ledger_entries_job', 'ledger_entries'),
    (7, 'trigger', 'ledger_entries_append_only', 'ledger_entries'),
    (7, 'trigger', 'ledger_entries_not_truncated', 'ledger_entries'),
    (7, 'constraint', 'postings_amount', 'postings'),
    (7, 'trigger', 'postings_balanced', 'postings'),
    (7, 'trigger', 'postings_append_only', 'postings'),
    (7, 'trigger', 'postings_not_truncated', 'postings'),
    (7, 'constraint', 'effects_state', 'effects'),
    (7, 'constraint', 'effects_sent', 'effects'),
    (7, 'constraint', 'effects_settled', 'effects'),
    (7, 'constraint', 'effects_pkey', 'effects'),
    (7, 'constraint', 'effects_key', 'effects'),
    (7, 'trigger', 'effects_born', 'effects'),
    (7, 'trigger', 'effects_moves', 'effects'),
    (7, 'trigger', 'effects_stay', 'effects'),
    (7, 'trigger', 'effects_not_truncated', 'effects'),
    (8, 'constraint', 'transactions_pkey', 'transactions'),
    (8, 'constraint', 'transactions_state', 'transactions'),
    (8, 'constraint', 'transactions_reason', 'transactions'),
    (8, 'trigger', 'transactions_born', 'transactions'),
    (8, 'trigger', 'transactions_moves', 'transactions'),
    (8, 'trigger', 'transactions_stay', 'transactions'),
    (8, 'trigger', 'transactions_not_truncated', 'transactions'),
    (9, 'constraint', 'transactions_job', 'transactions'),
    (9, 'constraint', 'transactions_settled', 'transactions'),
    (9, 'index', 'transactions_due', 'transactions'),
    (10, 'constraint', 'runs_key', 'runs'),
    (10, 'constraint', 'runs_state', 'runs'),
    (10, 'constraint', 'tasks_pkey', 'tasks'),
    (10, 'constraint', 'tasks_state', 'tasks'),
    (10, 'constraint', 'tasks_finished', 'tasks'),
    (10, 'index', 'jobs_live_task', 'jobs_live'),
    (10, 'trigger', 'workflows_append_only', 'workflows'),
    (11, 'constraint', 'schedules_pkey', 'schedules'),
    (11, 'trigger', 'schedules_moves', 'schedules'),
    (11, 'trigger', 'schedules_not_truncated', 'schedules'),
    (11, 'constraint', 'schedule_ticks_pkey', 'schedule_ticks'),
    (11, 'constraint', 'schedule_ticks_outcome', 'schedule_ticks'),
    (11, 'constraint', 'schedule_ticks_due', 'schedule_ticks'),
    (11, 'constraint', 'schedule_ticks_schedule_fkey', 'schedule_ticks'),
    (11, 'index', 'schedule_ticks_job', 'schedule_ticks'),
    (11, 'index', 'schedule_ticks_run', 'schedule_ticks'),
    (11, 'trigger', 'schedule_ticks_append_only', 'schedule_ticks'),
    (11, 'trigger', 'schedule_ticks_stay', 'schedule_ticks'),
    (11, 'trigger', 'schedule_ticks_not_truncated', 'schedule_ticks'),
    (12, 'index', 'jobs_live_ready', 'jobs_live'),
    (12, 'index', 'jobs_live_lease', 'jobs_live'),
    (12, 'index', 'jobs_live_running', 'jobs_live')
  ) as g (promise, what, name, relation)
  where not exists (
      select from pg_catalog.pg_constraint c
      where g.what = 'constraint' and c.conname = g.name and c.convalidated
        and c.conrelid = pg_catalog.to_regclass('faultline.' || g.relation))
    and not exists (
      select from pg_catalog.pg_trigger t
      where g.what = 'trigger' and t.tgname = g.name and t.tgenabled in ('O', 'A')
        and t.tgrelid = pg_catalog.to_regclass('faultline.' || g.relation))
    and not exists (
      select from pg_catalog.pg_index i
      where g.what = 'index' and i.indexrelid = pg_catalog.to_regclass('faultline.' || g.name) and i.indisvalid
        and i.indrelid = pg_catalog.to_regclass('faultline.' || g.relation));

  return query
  select 12, 'partitions_run_out', p.parent,
    pg_catalog.format('%s days ahead have a partition, 7 are wanted: let maintain() run', p.ahead)
  from (
    select parent, (
      select count(*)
      from pg_catalog.generate_series(1, 14) as d (day)
      where pg_catalog.to_regclass(pg_catalog.format(
        'faultline.%s_%s', parent, pg_catalog.to_char((now_ at time zone 'UTC') + d.day * interval '1 day', 'YYYYMMDD'))) is not null
    ) as ahead
    from unnest(array['jobs_done', 'job_events']) as parent
  ) p
  where p.ahead < 7;

  return query
  select 12, 'default_partition_filled', 'jobs_done_default', 'it holds rows of days without a partition: let maintain() run'
  where exists (select from faultline.jobs_done_default)
  union all
  select 12, 'default_partition_filled', 'job_events_default', 'it holds rows of days without a partition: let maintain() run'
  where exists (select from faultline.job_events_default);
end
$$;
comment on function faultline._verify_guards() is 'Private: constraints, triggers and indexes that are missing, and violations of promise 12.';
