-- The first day that has a partition: what is older may have been removed, under a retention that was shorter then.
create function faultline._oldest_day(parent text)
returns timestamptz
language plpgsql stable
as $$
begin
  return (
    select min(pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD'))::timestamp at time zone 'UTC'
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = pg_catalog.to_regclass('faultline.' || _oldest_day.parent) and c.relname ~ '_[0-9]{8}$');
end
$$;
comment on function faultline._oldest_day(text) is 'Private: the first day of jobs_done or job_events that has a partition.';
