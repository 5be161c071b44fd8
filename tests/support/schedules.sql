-- What the tests of schedules share besides the others; they begin with \ir of this file.
\ir workflows.sql

-- Puts a schedule of every minute that makes jobs of type t, unless changes say otherwise (null takes a key away).
create function tap.put(name text, changes jsonb default '{}') returns int language sql volatile security definer
as $$
select faultline.put_schedule(pg_catalog.jsonb_strip_nulls(
  pg_catalog.jsonb_build_object('name', put.name, 'every', '1m', 'type', 't') || changes))
$$;

-- Its calendar is so far behind.
create function tap.since(name text, ticks_after timestamptz) returns void language sql volatile security definer
as $$ update faultline.schedules s set ticks_after = since.ticks_after where s.schedule = since.name $$;

create function tap.schedule(name text) returns faultline.schedules language sql volatile security definer
as $$ select s from faultline.schedules s where s.schedule = schedule.name $$;

create function tap.tick(name text, tick_at timestamptz) returns faultline.schedule_ticks language sql volatile security definer
as $$ select t from faultline.schedule_ticks t where t.schedule = tick.name and t.tick_at = tick.tick_at $$;

-- A schedule that is none of the tables', for what only reads its calendar.
create function tap.on_calendar(cron text, zone text) returns faultline.schedules language plpgsql volatile security definer
as $$
declare
  s faultline.schedules;
begin
  s.cron := cron;
  s.timezone := zone;
  s.calendar := faultline._parse_cron(cron);
  return s;
end
$$;

-- The same error for a key of a definition: SQLSTATE, message, hint, column; nothing is changed.
create function tap.faults(statement text, message text, hint text, key text) returns text language plpgsql volatile
as $$
declare
  before constant text := tap.everything();
  got text[] := '{}';
  got_code text;
  got_message text;
  got_hint text;
  got_column text;
begin
  begin
    execute statement;
    got_message := 'no error';
  exception when others then
    get stacked diagnostics got_code = returned_sqlstate, got_message = message_text, got_hint = pg_exception_hint, got_column = column_name;
  end;
  return tap.is(
    format('%s: %s (%s) [%s]%s', got_code, got_message, got_hint, got_column, case when tap.everything() <> before then ', and something changed' end),
    format('FL004: %s (%s) [%s]', message, hint, key), 'refused: ' || left(statement, 150));
end
$$;
