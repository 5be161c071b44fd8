-- Raises FL004 for the fences of a group, which is said to be wrong: arrays of other lengths, too many, or a NULL.
--   what    what the group is, for the message
--   others  what else there is one of for each job, for the message: {"results": 3}, NULL where nothing was given
create function faultline._refuse_fences(what text, job_ids bigint[], attempts int[], others json)
returns void
language plpgsql
as $$
declare
  total constant int := coalesce(pg_catalog.cardinality(job_ids), 0);
  lengths constant text := pg_catalog.format(
    'job_ids has %s elements, attempts %s%s', total, coalesce(pg_catalog.cardinality(attempts), 0),
    (select pg_catalog.string_agg(pg_catalog.format(', %s %s', o.key, coalesce(o.value, 'none')), '')
     from pg_catalog.json_each_text(others) o));
begin
  if total <> coalesce(pg_catalog.cardinality(attempts), 0)
     or exists (select from pg_catalog.json_each_text(others) o where o.value::int <> total) then
    perform faultline._invalid(lengths, 'One of each for each job');
  end if;
  if total > 10000 then
    perform faultline._invalid(pg_catalog.format('the %s has %s jobs', what, total), 'At most 10000 a call');
  end if;
  perform faultline._invalid('job_ids or attempts has a NULL in it', 'A report carries both, as the claim returned them');
end
$$;
comment on function faultline._refuse_fences(text, bigint[], int[], json)
is 'Private: raises FL004 for the fences of a group: arrays of other lengths, too many, or a NULL.';
