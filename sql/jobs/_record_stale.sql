-- Records a refused report, once for each (job, attempt, verb) however often it is repeated. Locks nothing: the same
-- refusal in two batches at the same moment may be recorded by both (a lock for each job could exhaust the server's lock
-- table); report_stale, which is for one, waits.
create function faultline._record_stale(job_id bigint, attempt int, verb text, runner uuid)
returns void
language plpgsql
as $$
#variable_conflict use_variable
begin
  if not exists (
    select
    from faultline.job_events e
    where e.job_id = _record_stale.job_id and e.attempt = _record_stale.attempt and e.verb = 'stale'
      and e.detail ->> 'verb' = _record_stale.verb
  ) then
    perform faultline._record(job_id, attempt, 'stale', runner, pg_catalog.jsonb_build_object('verb', verb));
  end if;
end
$$;
comment on function faultline._record_stale(bigint, int, text, uuid) is 'Private: records a refused report, once.';
