-- Finishes a run that has nothing left to do: failed if a task failed or was cancelled, else succeeded. Returns whether it did.
create function faultline._finish_run(r faultline.runs)
returns boolean
language plpgsql
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
begin
  perform from faultline.tasks t where t.run_id = r.run_id and t.finished_at is null order by t.ordinal desc, t.item desc limit 1;
  if found then
    return false;
  end if;
  update faultline.runs x
  set finished_at = pg_catalog.clock_timestamp(), state = case
        when exists (select from faultline.tasks t where t.run_id = x.run_id and t.item = -1 and t.state in ('failed', 'cancelled')) then 'failed'
        else 'succeeded' end
  where x.run_id = r.run_id and x.state = 'running';
  return found;
end
$$;
comment on function faultline._finish_run(faultline.runs) is 'Private: finishes a run that has nothing left to do.';
