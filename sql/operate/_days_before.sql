-- The daily partitions of jobs_done or job_events that lie before a time altogether, the oldest first.
create function faultline._days_before(parent text, until timestamptz)
returns setof text
language plpgsql stable
as $$
begin
  -- CASE, because the planner may ask the conditions of an AND in any order, and the default partition's name is no date.
  return query
  select c.relname::text
  from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid
  where i.inhparent = pg_catalog.to_regclass('faultline.' || _days_before.parent)
    and case
      when c.relname ~ '_[0-9]{8}$' then
        pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD') + 1 <= _days_before.until at time zone 'UTC'
      else false
    end
  order by c.relname;
end
$$;
comment on function faultline._days_before(text, timestamptz) is 'Private: the daily partitions of jobs_done or job_events that lie before a time altogether.';
