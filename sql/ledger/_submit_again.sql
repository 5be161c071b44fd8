-- Gives a locked transaction whose job never existed its job again, under a new id, as it was submitted.
create function faultline._submit_again(t faultline.transactions)
returns void
language plpgsql
as $$
#variable_conflict use_variable
declare
  new_job bigint;
  o record;
begin
  -- In a database restored from elsewhere the sequence is behind: past every job that a transaction knows of.
  loop
    new_job := pg_catalog.nextval('faultline.jobs_live_job_id_seq');
    exit when not exists (select from faultline.transactions x where x.job_id = new_job);
  end loop;
  select * into o
  from pg_catalog.jsonb_to_record(t.options) as r (
    queue text, run_at timestamptz, priority int, max_attempts int, backoff jsonb, timeout interval, tags text[], headers jsonb);
  update faultline.transactions x set job_id = new_job, due_at = null where x.transaction_id = t.transaction_id;
  perform faultline._add_job(new_job, t.kind, t.request, coalesce(o.queue, 'default'), o.run_at, coalesce(o.priority, 2), o.max_attempts,
                             null, o.backoff, o.timeout, coalesce(o.tags, '{}'), o.headers, t.transaction_id, null, null);
end
$$;
comment on function faultline._submit_again(faultline.transactions) is 'Private: gives a transaction whose job never existed its job again.';
