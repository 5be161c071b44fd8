-- Gives back, uncharged, every job that this runner holds but does not know of: the reply to its claim was lost. Call it
-- after a reconnect, with the ids of all the runner knows (reports not yet accepted included), before the next claim.
-- Returns how many. Repeated, it finds nothing. For faultline_runner.
-- Locks the rows in the order of job_id; tasks of workflows after the others, in the order of the roots of their runs. Errors: FL004 for a NULL.
create function faultline.release_unknown(runner uuid, known bigint[])
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
declare
  held record;
  released bigint := 0;
begin
  if runner is null then
    perform faultline._invalid('runner is NULL', 'Pass the uuid that claimed the jobs');
  end if;
  if known is null or pg_catalog.array_position(known, null) is not null then
    perform faultline._invalid('known is NULL or has a NULL in it', 'Pass an empty array if the runner knows of no job');
  end if;
  for held in
    select h.job_id, h.attempt
    from (
      select j.job_id, j.attempt, (select r.root_run_id from faultline.runs r where r.run_id = j.run_id) as root
      from faultline.jobs_live j
      where j.lease_expires_at > '-infinity' and j.lease_owner = runner and j.job_id <> all (known)
      offset 0 -- sorted outside, or the plan may be to walk all jobs in the order of job_id
    ) h
    order by h.root nulls first, h.job_id
  loop
    if faultline._end_attempt(held.job_id, held.attempt, 'release', false, true, null, null, runner) is not null then
      released := released + 1;
    end if;
  end loop;
  return released;
end
$$;
comment on function faultline.release_unknown(uuid, bigint[])
is 'Gives back, uncharged, the jobs that a runner holds but does not know of; returns how many.';
grant execute on function faultline.release_unknown(uuid, bigint[]) to faultline_runner;
