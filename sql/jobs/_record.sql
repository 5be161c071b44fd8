-- Appends one event. actor is who logged in, not the owner as whom the functions run.
create function faultline._record(job_id bigint, attempt int, verb text, runner uuid, detail jsonb)
returns void
language plpgsql
as $$
begin
  insert into faultline.job_events (at, job_id, attempt, verb, runner, actor, detail)
  values (pg_catalog.clock_timestamp(), _record.job_id, _record.attempt, _record.verb, _record.runner, session_user,
          pg_catalog.jsonb_strip_nulls(coalesce(_record.detail, '{}')));
end
$$;
comment on function faultline._record(bigint, int, text, uuid, jsonb) is 'Private: appends one row to job_events.';
