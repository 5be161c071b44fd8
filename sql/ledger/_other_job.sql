-- Raises FL002: the transaction is another job's.
create function faultline._other_job(t faultline.transactions)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL002',
    message = pg_catalog.format('transaction %L is that of job %s, which has %sapplied it', t.transaction_id, t.job_id, case t.state when 'INIT' then 'not ' else '' end),
    hint = 'One transaction, one job: this one is a duplicate. Discard it, or use a new id.';
end
$$;
comment on function faultline._other_job(faultline.transactions) is 'Private: raises FL002 for a job that is not the transaction''s.';
