-- Is something that the schedule has made still under way? A dead letter is not: it waits for a person. Of what was made,
-- the last hundred count; the schedule is locked.
create function faultline._overlaps(name text)
returns text
language plpgsql stable
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  last record;
begin
  for last in
    select t.job_id, t.run_id, t.tick_at
    from faultline.schedule_ticks t
    where t.schedule = _overlaps.name and t.outcome = 'made'
    order by t.tick_at desc
    limit 100
  loop
    if exists (select from faultline.jobs_live j where j.job_id = last.job_id and j.state <> 'failed')
       or exists (select from faultline.runs r where r.run_id = last.run_id and r.state = 'running') then
      return pg_catalog.format('%s of tick %s is not over', coalesce('job ' || last.job_id, 'run ' || last.run_id), faultline._utc(last.tick_at));
    end if;
  end loop;
  return null;
end
$$;
comment on function faultline._overlaps(text) is 'Private: what a schedule has made and is still under way, or NULL.';
