-- Appends one event. actor is who logged in, not the owner as whom the functions run. Keys of detail that are null are
-- left out; below them nulls stay: what an operator reset with null is on record.
create function faultline._record(job_id bigint, attempt int, verb text, runner uuid, detail jsonb)
returns void
language plpgsql
as $$
begin
  insert into faultline.job_events (at, job_id, attempt, verb, runner, actor, detail)
  values (pg_catalog.clock_timestamp(), _record.job_id, _record.attempt, _record.verb, _record.runner, session_user,
          coalesce(
            (select pg_catalog.jsonb_object_agg(d.key, d.value) from pg_catalog.jsonb_each(_record.detail) d where d.value <> 'null'),
            '{}'));
end
$$;
comment on function faultline._record(bigint, int, text, uuid, jsonb) is 'Private: appends one row to job_events.';
