-- What the files of tests/sql/ share; each begins with \ir ../../support/prelude.sql. A job has a name, its
-- payload's, and by default a queue of its own with that name (blanks are dashes), so that a claim of the queue is a claim of the job.

create function tap.runner(number int) returns uuid language sql immutable
as $$ select pg_catalog.format('00000000-0000-4000-8000-%s', pg_catalog.lpad(number::text, 12, '0'))::uuid $$;

create function tap.id(name text) returns bigint language sql volatile security definer
as $$ select job_id from faultline.jobs where payload ->> 'name' = id.name $$;

create function tap.ids(variadic names text[]) returns bigint[] language sql volatile
as $$ select pg_catalog.array_agg(tap.id(n) order by o) from pg_catalog.unnest(names) with ordinality u (n, o) $$;

create function tap.name_of(job_id bigint) returns text language sql volatile security definer
as $$ select payload ->> 'name' from faultline.jobs j where j.job_id = name_of.job_id $$;

create function tap.live(name text) returns faultline.jobs_live language sql volatile security definer
as $$ select l from faultline.jobs_live l where coalesce(l.payload, (select p.payload from faultline.payloads p where p.job_id = l.job_id)) ->> 'name' = live.name $$;

create function tap.job(job_id bigint) returns faultline.jobs_live language sql volatile security definer
as $$ select l from faultline.jobs_live l where l.job_id = job.job_id $$;

create function tap.done(name text) returns faultline.jobs_done language sql volatile security definer
as $$ select d from faultline.jobs_done d where coalesce(d.payload, (select p.payload from faultline.payloads p where p.job_id = d.job_id)) ->> 'name' = done.name $$;

create function tap.state_of(name text) returns text language sql volatile security definer
as $$ select pg_catalog.string_agg(state, ' and ') from faultline.jobs where payload ->> 'name' = state_of.name $$;

-- The verbs of a job's events, oldest first.
create function tap.events(name text) returns text language sql volatile security definer
as $$
select coalesce(pg_catalog.string_agg(e.verb, ' ' order by e.event_id), '')
from faultline.job_events e
where e.job_id = tap.id(events.name)
$$;

create function tap.last_event(name text) returns faultline.job_events language sql volatile security definer
as $$ select e from faultline.job_events e where e.job_id = tap.id(last_event.name) order by e.event_id desc limit 1 $$;

-- A queued job. options are further arguments of enqueue.
create function tap.queued(name text, options jsonb default '{}') returns bigint language sql volatile security definer
as $$
select job_id
from faultline.enqueue_many(pg_catalog.jsonb_build_array(
  pg_catalog.jsonb_build_object('type', 't', 'queue', pg_catalog.replace(queued.name, ' ', '-'), 'payload', pg_catalog.jsonb_build_object('name', queued.name))
  || options))
$$;

-- Options of a job with a payload that stands apart from its row.
create function tap.large(name text, size int default 5000) returns jsonb language sql immutable
as $$
select pg_catalog.jsonb_build_object('payload', pg_catalog.jsonb_build_object('name', large.name, 'text', pg_catalog.repeat('x', large.size)))
$$;

-- Claims the queued job, whenever it would be ready, and returns the attempt.
create function tap.claimed(name text, runner int default 1, lease interval default null) returns int
language plpgsql volatile security definer
as $$
declare
  job record;
begin
  update faultline.jobs_live l set ready_at = pg_catalog.clock_timestamp() where l.job_id = tap.id(claimed.name) and l.state = 'queued';
  select c.job_id, c.attempt into strict job
  from faultline.claim_job((tap.live(claimed.name)).queue, tap.runner(claimed.runner), lease => claimed.lease) c;
  assert job.job_id = tap.id(claimed.name), 'claimed another job';
  return job.attempt;
end
$$;

create function tap.running(name text, options jsonb default '{}', runner int default 1) returns int
language plpgsql volatile security definer
as $$
begin
  perform tap.queued(running.name, options);
  return tap.claimed(running.name, running.runner);
end
$$;

-- The deadline of its lease has passed, and nobody has noticed yet.
create function tap.expired(name text, ago interval default '1 second') returns void language sql volatile security definer
as $$
update faultline.jobs_live set lease_expires_at = pg_catalog.clock_timestamp() - ago where job_id = tap.id(expired.name)
$$;

-- A dead letter.
create function tap.failed(name text, options jsonb default '{}') returns void language plpgsql volatile security definer
as $$
begin
  perform tap.running(failed.name, options);
  perform faultline.fail_job(tap.id(failed.name), 1, '{"message": "broken"}', retryable => false);
end
$$;

-- All that the functions under test could change, boiled down.
create function tap.everything() returns text language sql volatile security definer
as $$
select pg_catalog.md5(coalesce(pg_catalog.string_agg(row_, E'\n' order by row_), ''))
from (
  select 'live ' || l::text as row_ from faultline.jobs_live l
  union all select 'done ' || d::text from faultline.jobs_done d
  union all select 'payload ' || p::text from faultline.payloads p
  union all select 'event ' || e::text from faultline.job_events e
  union all select 'key ' || k::text from faultline.idempotency_keys k
  union all select 'queue ' || q::text from faultline.queues q
  union all select 'settings ' || s::text from faultline.settings s
  union all select 'runner ' || r::text from faultline.runners r
  union all select 'transaction ' || t::text from faultline.transactions t
  union all select 'effect ' || f::text from faultline.effects f
  union all select 'entry ' || n::text from faultline.ledger_entries n
  union all select 'posting ' || p::text from faultline.postings p
  union all select 'account ' || a::text from faultline.accounts a
  union all select 'balance ' || c::text from faultline.account_checkpoints c
  union all select 'folded ' || w::text from faultline.ledger_checkpoint w
  union all select 'workflow ' || w::text from faultline.workflows w
  union all select 'workflow task ' || w::text from faultline.workflow_tasks w
  union all select 'edge ' || d::text from faultline.task_dependencies d
  union all select 'run ' || r::text from faultline.runs r
  union all select 'task ' || t::text from faultline.tasks t
  union all select 'signal ' || s::text from faultline.run_signals s
  union all select 'schedule ' || s::text from faultline.schedules s
  union all select 'tick ' || t::text from faultline.schedule_ticks t
  union all select 'token ' || t::text from faultline.api_tokens t
  union all
  select 'lock ' || (l.locktype, l.classid, l.objid, l.objsubid, l.mode)::text
  from pg_catalog.pg_locks l
  where l.pid = pg_catalog.pg_backend_pid() and l.locktype = 'advisory'
) as everything
$$;

-- What an FL004 says is to be done about it.
create function tap.hint_of(statement text) returns text language plpgsql volatile
as $$
declare
  hint text;
begin
  execute statement;
  return 'no error';
exception when sqlstate 'FL004' then
  get stacked diagnostics hint = pg_exception_hint;
  return hint;
end
$$;

-- The statement raises this SQLSTATE with this message and says what to do; nothing is changed.
create function tap.refuses(statement text, errcode text, message text, description text) returns text language plpgsql volatile
as $$
declare
  before constant text := tap.everything();
  got_errcode text := 'none';
  got_message text := '';
  hint text := '';
  problem text;
begin
  begin
    execute statement;
  exception when others then
    get stacked diagnostics got_errcode = returned_sqlstate, got_message = message_text, hint = pg_exception_hint;
  end;
  problem := case
    when got_errcode <> errcode or got_message <> message then
      pg_catalog.format(E'raised: %s %s\nwanted: %s %s', got_errcode, got_message, errcode, message)
    when errcode like 'FL%' and hint = '' then 'the error does not say what to do'
    when tap.everything() <> before then 'something was changed all the same'
  end;
  return tap.ok(problem is null, description) || coalesce(E'\n' || tap.diag(problem), '');
end
$$;

-- The statement returns this: its columns joined by commas, its rows by blanks.
create function tap.answers(statement text, answer text, description text) returns text language plpgsql volatile
as $$
declare
  got text;
begin
  execute pg_catalog.format(
    'select coalesce(string_agg(trim(both ''()'' from answer::text), '' ''), '''') from (%s) answer', statement)
  into got;
  return tap.is(got, answer, description);
end
$$;

-- It returns this and changes nothing.
create function tap.repeats(statement text, answer text, description text) returns text language plpgsql volatile
as $$
declare
  before constant text := tap.everything();
  got text;
  problem text;
begin
  execute pg_catalog.format(
    'select coalesce(string_agg(trim(both ''()'' from answer::text), '' ''), '''') from (%s) answer', statement)
  into got;
  problem := case
    when got is distinct from answer then pg_catalog.format('answered %s, not %s', got, answer)
    when tap.everything() <> before then 'something was changed'
  end;
  return tap.ok(problem is null, description) || coalesce(E'\n' || tap.diag(problem), '');
end
$$;

-- What the catalog says of a function: one of its name, with these arguments and this result, of faultline_owner; and
-- of the roles of Faultline and PUBLIC, these may call it.
create function tap.is_function(name text, arguments text, result text, callers text[]) returns setof text
language plpgsql volatile
as $$
declare
  function_ record;
begin
  return next tap.is(
    (select pg_catalog.count(*) from pg_catalog.pg_proc p where p.pronamespace = 'faultline'::regnamespace and p.proname = name),
    1::bigint, name || ' exists and is not overloaded');
  select p.oid, p.prosecdef, p.proconfig, p.proowner::regrole::text as owner into strict function_
  from pg_catalog.pg_proc p
  where p.pronamespace = 'faultline'::regnamespace and p.proname = name;
  return next tap.is(pg_catalog.pg_get_function_arguments(function_.oid), arguments, name || ' has these arguments');
  return next tap.is(pg_catalog.pg_get_function_result(function_.oid), result, name || ' returns this');
  return next tap.is(function_.owner, 'faultline_owner', name || ' belongs to faultline_owner');
  return next tap.isnt(pg_catalog.obj_description(function_.oid, 'pg_proc'), null, name || ' has a comment');
  return next tap.is(
    array(
      select role
      from pg_catalog.unnest(array['faultline_observer', 'faultline_operator', 'faultline_producer', 'faultline_runner', 'public']) role
      where pg_catalog.has_function_privilege(role, function_.oid, 'execute')),
    callers, name || ' may be called by these roles and no other');
  return next tap.is(
    function_.prosecdef, callers <> '{}', name || case callers when '{}' then ' is private, no SECURITY DEFINER' else ' is SECURITY DEFINER' end);
  return next tap.is(
    array(select setting from pg_catalog.unnest(function_.proconfig) setting where setting like 'search_path%'),
    case callers when '{}' then '{}' else '{"search_path=pg_catalog, pg_temp"}' end::text[],
    name || case callers when '{}' then ' takes the path of its caller' else ' has a pinned path' end);
end
$$;

-- For a trigger: notes in the headers of a job whether its transaction has an xid when the job is about to be written.
create function tap.note_xid() returns trigger language plpgsql as $$
begin
  new.headers := jsonb_build_object('xid', pg_current_xact_id_if_assigned() is not null);
  return new;
end
$$;
