-- Raises FL004 unless both halves of a fence are there.
create function faultline._check_fence(job_id bigint, attempt int)
returns void
language plpgsql
as $$
begin
  if job_id is null or attempt is null then
    perform faultline._invalid(
      pg_catalog.format('job_id is %s and attempt is %s', coalesce(job_id::text, 'NULL'), coalesce(attempt::text, 'NULL')),
      'A report carries both, as the claim returned them');
  end if;
end
$$;
comment on function faultline._check_fence(bigint, int) is 'Private: raises FL004 unless both halves of a fence are there.';
