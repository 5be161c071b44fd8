-- The first day whose history is all there: what is older may have been removed, under a retention that was shorter then.
-- A day that retention has emptied bears a comment until its table is dropped; no other day has one.
create function faultline._oldest_day(parent text)
returns timestamptz
language plpgsql stable
as $$
begin
  return (
    select greatest(min(d.day), max(d.day + 1) filter (where d.emptied))::timestamp at time zone 'UTC'
    from (
      select pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD') as day,
        pg_catalog.obj_description(c.oid, 'pg_class') is not null as emptied
      from pg_catalog.pg_inherits i
      join pg_catalog.pg_class c on c.oid = i.inhrelid
      where i.inhparent = pg_catalog.to_regclass('faultline.' || _oldest_day.parent) and c.relname ~ '_[0-9]{8}$'
    ) d);
end
$$;
comment on function faultline._oldest_day(text) is 'Private: the first day of jobs_done or job_events whose history is all there.';
