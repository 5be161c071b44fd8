-- Raises FL004 unless the transaction is READ COMMITTED. What follows from the end of a task is right only if it sees what the
-- last holder of the root has committed; any other snapshot is older than the lock, and no 40001 tells: the root's row was
-- locked, not changed. The last two needs of a task would each find the other one unfinished.
create function faultline._check_isolation()
returns void
language plpgsql
as $$
begin
  if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
    perform faultline._invalid(
      pg_catalog.format('a run can not be changed in a transaction that is %s', pg_catalog.upper(pg_catalog.current_setting('transaction_isolation'))),
      'Use READ COMMITTED: what follows from a task is right only if it sees what others have just committed');
  end if;
end
$$;
comment on function faultline._check_isolation() is 'Private: raises FL004 unless the transaction is READ COMMITTED.';
