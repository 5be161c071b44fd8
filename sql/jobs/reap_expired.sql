-- Takes back the jobs whose lease has passed: each is charged a failure and queued again after its backoff, or is a dead
-- letter, or ends cancelled if that was asked for. Returns how many. For faultline_runner and faultline_operator: every runner calls it about
-- every second, any number at once.
--   max     at most so many (1 to 10 000)
--   floor   a token of advance_floor: where the walk may start
-- Reads candidates without locks, then locks the roots of their runs, then them in the order of job_id and skips what others hold; the deadline is
-- tested again with the lock, which waits for nobody: a beat may have come in between.
-- Repeated, it finds what has expired since. Errors: FL004.
create function faultline.reap_expired(max int default 1000, floor text default null)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set jit = off
as $$
#variable_conflict use_variable
declare
  now_ timestamptz := pg_catalog.clock_timestamp();
  token jsonb;
  lowest timestamptz;
  candidates bigint[];
  roots bigint[];
  expired record;
  reaped bigint := 0;
begin
  max := coalesce(max, 1000);
  if max not between 1 and 10000 then
    perform faultline._invalid(pg_catalog.format('max %s is out of bounds', max), 'It lies between 1 and 10000');
  end if;
  token := faultline._read_floor(floor, now_);
  lowest := coalesce((token ->> 'lease')::timestamptz, '-infinity');
  candidates := array(
    select j.job_id
    from faultline.jobs_live j
    where j.lease_expires_at >= lowest and j.lease_expires_at <= now_
    order by j.lease_expires_at
    limit max);
  if pg_catalog.cardinality(candidates) = 0 then
    return 0;
  end if;
  -- Runs come before their jobs; the jobs of a run that somebody holds are taken the next time.
  roots := array(
    select r.run_id
    from faultline.runs r
    where r.run_id = any (array(
      -- lateral … offset 0, and no plain join on run_id: that would imply the predicate of the index of the jobs of runs.
      select c.root_run_id
      from unnest(candidates) as e (job_id)
      cross join lateral (select j.run_id from faultline.jobs_live j where j.job_id = e.job_id and coalesce(j.run_id, 0) > 0 offset 0) j
      cross join lateral (select c.root_run_id from faultline.runs c where c.run_id = j.run_id offset 0) c))
    order by r.run_id
    for no key update skip locked);
  candidates := array(
    select j.job_id
    from faultline.jobs_live j
    where j.job_id = any (candidates) and j.lease_expires_at <= now_
      and (j.run_id is null or exists (select from faultline.runs c where c.run_id = j.run_id and c.root_run_id = any (roots)))
    order by j.job_id
    for update of j skip locked);
  for expired in
    select j.job_id, j.attempt, j.lease_owner, j.lease_expires_at
    from faultline.jobs_live j
    where j.job_id = any (candidates)
    order by j.job_id
  loop
    if faultline._end_attempt(
         expired.job_id, expired.attempt, 'expire', true, true, null,
         pg_catalog.jsonb_build_object(
           'type', 'LeaseExpired',
           'message', pg_catalog.format('runner %s did not report or beat before %s', expired.lease_owner, expired.lease_expires_at)),
         null) is not null then
      reaped := reaped + 1;
    end if;
  end loop;
  return reaped;
end
$$;
comment on function faultline.reap_expired(int, text)
is 'Takes back the jobs whose lease has passed, charging each a failure; returns how many.';
grant execute on function faultline.reap_expired(int, text) to faultline_runner, faultline_operator;
