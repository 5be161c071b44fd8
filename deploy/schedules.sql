-- Deploy faultline:schedules to pg

begin;

set local role faultline_owner;

create table faultline.schedules (
  schedule text primary key,
  version int not null,
  definition jsonb not null,
  cron text,
  calendar jsonb,
  timezone text,
  every int,
  starts_at timestamptz,
  ends_at timestamptz,
  missed text not null,
  missed_window interval not null,
  missed_limit int not null,
  overlap text not null,
  ticks_after timestamptz not null,
  forgotten_until timestamptz,
  forgotten_missed bigint not null default 0,
  paused_at timestamptz,
  paused_note text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  changed_xid xid8 not null,
  deleted_at timestamptz,
  constraint schedules_calendar check (
    (cron is null) <> (every is null) and (cron is null) = (calendar is null) and (cron is null) = (timezone is null)),
  constraint schedules_every check (every between 1 and 31622400),
  constraint schedules_rules check (missed in ('skip', 'latest', 'all') and overlap in ('allow', 'skip')),
  constraint schedules_span check (starts_at < ends_at),
  constraint schedules_forgotten check (forgotten_missed >= 0)
);
comment on table faultline.schedules is 'Schedules, as they are now. A row is for ever: a schedule that was deleted keeps its version and what it has forgotten, lest a tick happen twice under its name.';
comment on column faultline.schedules.definition is 'As it was put, with all defaults; durations in seconds.';
comment on column faultline.schedules.calendar is 'The cron expression, parsed: what _is_tick asks.';
comment on column faultline.schedules.ticks_after is 'The calendar makes no tick at or before it: when the schedule was put, got another calendar, or was resumed.';
comment on column faultline.schedules.forgotten_until is 'Retention has removed ticks up to this one, so no tick at or before it is ever made.';
comment on column faultline.schedules.forgotten_missed is 'How many missed ticks were counted in the rows that retention has removed.';
comment on column faultline.schedules.changed_xid is 'The transaction that changed the row last: schedule_changes finds by it what was committed since.';
create index schedules_changed on faultline.schedules (changed_xid);

-- Nothing is updated when a tick happens, so an old snapshot elsewhere keeps no dead rows here: a schedule is as far as its
-- last tick. Its row is only locked.
create table faultline.schedule_ticks (
  schedule text not null references faultline.schedules,
  tick_at timestamptz not null,
  kind text not null,
  outcome text not null,
  job_id bigint,
  run_id bigint,
  missed int not null default 0,
  version int not null,
  fired_at timestamptz not null,
  detail text,
  primary key (schedule, tick_at),
  constraint schedule_ticks_kind check (kind in ('calendar', 'backfill', 'now')),
  constraint schedule_ticks_outcome check (
    case outcome when 'made' then num_nonnulls(job_id, run_id) = 1 when 'skipped' then num_nulls(job_id, run_id) = 2
      when 'failed' then num_nulls(job_id, run_id) = 2 when 'missed' then num_nulls(job_id, run_id) = 2 and missed > 0 else false end),
  constraint schedule_ticks_due check (kind = 'now' or tick_at <= fired_at),
  constraint schedule_ticks_missed check (missed >= 0)
);
comment on table faultline.schedule_ticks is 'Ticks that have happened: one row, so one job or run, a tick. Insert-only; retention removes what its schedule has forgotten first.';
comment on column faultline.schedule_ticks.kind is 'calendar: proposed by runners; backfill, now: by an operator.';
comment on column faultline.schedule_ticks.missed is 'How many ticks before this one the rule for missed ticks has dropped; with outcome missed this one too.';
create index schedule_ticks_made on faultline.schedule_ticks (schedule, tick_at) where outcome = 'made';
create unique index schedule_ticks_job on faultline.schedule_ticks (job_id) where job_id is not null;
create unique index schedule_ticks_run on faultline.schedule_ticks (run_id) where run_id is not null;
create index schedule_ticks_fired on faultline.schedule_ticks (fired_at);
create index schedule_ticks_dropped on faultline.schedule_ticks (schedule) include (missed) where missed > 0;

commit;
