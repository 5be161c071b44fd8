-- Has this queue queued jobs, due or not? token: a floor that was read, or NULL.
create function faultline._has_queued(queue text, token jsonb)
returns boolean
language plpgsql stable
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  level_floor timestamptz;
  level_job bigint;
begin
  for level in 1..4 loop
    level_floor := coalesce((token -> 'queues' -> queue ->> (level - 1))::timestamptz, '-infinity');
    level_job := coalesce((token -> 'jobs' -> queue ->> (level - 1))::bigint, 0);
    if exists (
      select
      from faultline.jobs_live j
      where j.state = 'queued' and j.queue = _has_queued.queue and j.priority = level
        and (j.ready_at, j.job_id) >= (level_floor, level_job)
    ) then
      return true;
    end if;
  end loop;
  return false;
end
$$;
comment on function faultline._has_queued(text, jsonb) is 'Private: has a queue queued jobs, above this floor?';
