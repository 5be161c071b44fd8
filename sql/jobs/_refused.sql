-- What to answer to a report whose fence did not match: 'repeat' if this very report was accepted before, 'stale' if a
-- newer attempt, an expiry or another end overtook it, 'unknown' if there is no such job.
create function faultline._refused(job_id bigint, attempt int, verb text)
returns text
language plpgsql stable
as $$
#variable_conflict use_variable
begin
  if verb = 'complete' then
    if exists (
      select from faultline.jobs_done d where d.job_id = _refused.job_id and d.attempt = _refused.attempt and d.state = 'succeeded'
    ) then
      return 'repeat';
    end if;
  elsif verb = 'apply' then
    if exists (
      select from faultline.ledger_entries l where l.job_id = _refused.job_id and l.attempt = _refused.attempt
    ) then
      return 'repeat';
    end if;
  elsif exists (
    select from faultline.job_events e where e.job_id = _refused.job_id and e.attempt = _refused.attempt and e.verb = _refused.verb
  ) then
    return 'repeat';
  end if;
  if exists (select from faultline.jobs_live j where j.job_id = _refused.job_id)
     or exists (select from faultline.jobs_done d where d.job_id = _refused.job_id) then
    return 'stale';
  end if;
  return 'unknown';
end
$$;
comment on function faultline._refused(bigint, int, text) is 'Private: repeat, stale or unknown, for a report whose fence did not match.';
