-- What the tests of the functions of operate and observe share besides the prelude; they begin with \ir of this file.
\ir prelude.sql

-- Runs a query as a role and returns its first value. An error leaves the role as it was.
create function tap.act(role text, query text) returns text
language plpgsql
as $$
declare
  result text;
begin
  perform set_config('role', role, true);
  execute query into result;
  perform set_config('role', 'none', true);
  return result;
end
$$;

create function tap.produce(query text) returns text language sql as $$ select tap.act('faultline_producer', query) $$;
create function tap.run(query text) returns text language sql as $$ select tap.act('faultline_runner', query) $$;
create function tap.operate(query text) returns text language sql as $$ select tap.act('faultline_operator', query) $$;
create function tap.observe(query text) returns text language sql as $$ select tap.act('faultline_observer', query) $$;

-- One test: the call raises exactly this (SQLSTATE, message, hint where given) and leaves everything as it was.
create function tap.refused(role text, query text, code text, message text, hint text default null) returns text
language plpgsql
as $$
declare
  before constant text := tap.everything();
  got text;
  got_message text;
  got_hint text;
begin
  begin
    perform tap.act(role, query);
    got := 'no error';
  exception when others then
    get stacked diagnostics got = returned_sqlstate, got_message = message_text, got_hint = pg_exception_hint;
    got := got || ': ' || got_message || case when hint is null then '' else ' (' || got_hint || ')' end;
  end;
  if tap.everything() <> before then
    got := got || ', and something changed';
  end if;
  return tap.is(got, code || ': ' || message || case when hint is null then '' else ' (' || hint || ')' end,
                'refused: ' || left(regexp_replace(query, '\s+', ' ', 'g'), 200));
end
$$;

-- One test: the query, run as a role, changes nothing, and answers this.
create function tap.changes_nothing(role text, query text, answer text, description text) returns text
language plpgsql
as $$
declare
  before constant text := tap.everything();
  got text;
begin
  got := tap.act(role, query);
  if tap.everything() <> before then
    got := coalesce(got, 'NULL') || ', and something changed';
  end if;
  return tap.is(got, answer, description);
end
$$;

-- What verify() says as an observer sees it, without the times and uuids in its details.
create function tap.violations() returns setof text
language plpgsql
as $$
declare
  line text;
begin
  perform set_config('role', 'faultline_observer', true);
  for line in
    select format('%s %s: %s: %s', v.promise, v.check_name, v.subject,
      regexp_replace(regexp_replace(v.detail, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*[+-]\d\d', 'TIME', 'g'),
                     '[0-9a-f]{8}-[0-9a-f-]{27}', 'UUID', 'g'))
    from faultline.verify() v
  loop
    return next line;
  end loop;
  perform set_config('role', 'none', true);
end
$$;

-- One test: these are the rows of verify(), in any order. None: the database is healthy.
create function tap.verify_says(rows text[], description text) returns text
language sql
as $$
select tap.is(array(select v from tap.violations() v order by v), array(select r from unnest(rows) r order by r), description)
$$;

create function tap.healthy(description text) returns text language sql as $$ select tap.verify_says('{}', description) $$;

-- A job in a state, by the verbs that lead there; options are further arguments of enqueue. Returns its id.
create function tap.job_in(state text, options jsonb default '{}') returns bigint
language plpgsql
as $$
declare
  id bigint;
  claimed record;
  runner constant uuid := '11111111-1111-1111-1111-111111111111';
begin
  select job_id into strict id from faultline.enqueue_many(jsonb_build_array('{"type": "work"}' || options));
  if state = 'queued' then
    return id;
  end if;
  if state = 'cancelled' then
    perform faultline.cancel_job(id);
    return id;
  end if;
  -- The claim takes this job alone: it stands in a queue of its own meanwhile.
  update faultline.jobs_live set queue = 'tap' where job_id = id;
  select * into strict claimed from faultline.claim_job('tap', runner);
  update faultline.jobs_live set queue = coalesce(options ->> 'queue', 'default') where job_id = id;
  case state
    when 'running' then null;
    when 'succeeded' then perform faultline.complete_job(id, claimed.attempt, '{"done": true}');
    when 'failed' then perform faultline.fail_job(id, claimed.attempt, '{"type": "ValueError", "message": "broken"}', false);
    when 'discarded' then
      perform faultline.fail_job(id, claimed.attempt, '{"type": "ValueError", "message": "broken"}', false);
      perform faultline.discard_job(id);
  end case;
  return id;
end
$$;

-- The events of a job or a queue, in their order: "verb detail".
create function tap.event_lines(subject text) returns setof text
language sql
as $$
select e.verb || ' ' || e.detail
from faultline.job_events e
where e.job_id::text = subject or e.job_id is null and e.detail ->> 'queue' = subject or subject = 'all'
order by e.event_id
$$;

-- Gives a day its partition, if it has none: a test that moves rows into the past must not fill the default partition.
create function tap.has_day(parent text, moment timestamptz) returns void language plpgsql
as $$
declare
  day constant timestamp := date_trunc('day', moment at time zone 'UTC');
  name constant text := parent || '_' || to_char(day, 'YYYYMMDD');
begin
  execute format('create table if not exists faultline.%I partition of faultline.%I for values from (%L) to (%L)',
    name, parent, day::text || '+00', (day + interval '1 day')::text || '+00');
  execute format('alter table faultline.%I owner to faultline_owner', name);
end
$$;

-- A second session, by the name of other, as superuser; it ends with this one. Use dblink_exec('other', …).
create function tap.second_session() returns void
language plpgsql
as $$
begin
  create extension if not exists dblink schema public;
  perform public.dblink_connect('other', format('host=%s port=%s dbname=%s user=%s',
    split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database(), session_user));
end
$$;

-- The other session runs a statement, and waits for this one.
create function tap.other_waits(statement text) returns void language plpgsql as $$
declare
  other constant int := (select pid from public.dblink('other', 'select pg_backend_pid()') as r (pid int));
begin
  perform public.dblink_send_query('other', statement);
  loop
    exit when pg_backend_pid() = any (pg_blocking_pids(other));
  end loop;
end
$$;

-- How somebody else has locked the one row.
create function tap.held(row_ text) returns text language plpgsql as $$
declare
  free boolean;
  how text := 'for update';
  mode text;
begin
  foreach mode in array array['key share', 'share', 'update'] loop
    execute format('select true from faultline.%s for %s skip locked', row_, mode) into free;
    exit when free is null;
    how := case mode when 'key share' then 'for no key update' when 'share' then 'for share' else 'free' end;
  end loop;
  return how;
end
$$;
