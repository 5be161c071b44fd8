-- Raises FL002: the attempt is over, and the entry of that transaction is not what it ended with.
create function faultline._ended_otherwise(job_id bigint, attempt int, transaction_id text)
returns void
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL002',
    message = pg_catalog.format('attempt %s of job %s has ended, and not with transaction %L', attempt, job_id, transaction_id),
    hint = 'One job, one transaction: submit another for what else has to happen.';
end
$$;
comment on function faultline._ended_otherwise(bigint, int, text) is 'Private: raises FL002 for an attempt that ended with another transaction.';
