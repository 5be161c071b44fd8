-- Promise 6: a key stands for the job that bears it, and lives as long as that job.
create function faultline._verify_keys()
returns table (promise int, check_name text, subject text, detail text)
language plpgsql stable
as $$
begin
  return query
  select 6, 'key_of_other_job', pg_catalog.format('key %L of queue %s', k.key, k.queue),
    pg_catalog.format('its job %s bears key %s of queue %s', k.job_id, coalesce(pg_catalog.quote_literal(j.idempotency_key), 'NULL'), j.queue)
  from faultline.idempotency_keys k
  join (
    select l.job_id, l.queue, l.idempotency_key from faultline.jobs_live l
    union all
    select d.job_id, d.queue, d.idempotency_key from faultline.jobs_done d
  ) j on j.job_id = k.job_id
  where (j.queue, j.idempotency_key) is distinct from (k.queue, k.key);

  return query
  select 6, 'live_job_without_key', 'job ' || l.job_id,
    pg_catalog.format('key %L of queue %s %s', l.idempotency_key, l.queue, coalesce('stands for job ' || k.job_id, 'is gone'))
  from faultline.jobs_live l
  left join faultline.idempotency_keys k on k.queue = l.queue and k.key = l.idempotency_key
  where l.idempotency_key is not null and k.job_id is distinct from l.job_id;
end
$$;
comment on function faultline._verify_keys() is 'Private: violations of promise 6.';
