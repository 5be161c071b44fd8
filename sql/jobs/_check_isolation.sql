-- Raises FL004 for any isolation but READ COMMITTED. Whoever waits for a lock has to see what its last holder committed; a
-- snapshot that is older than the lock does not, and no 40001 tells, if the row was only locked. Two ticks would overlap,
-- and the last two needs of a task would each find the other one unfinished.
create function faultline._check_isolation(what text)
returns void
language plpgsql
as $$
begin
  if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
    perform faultline._invalid(
      pg_catalog.format('%s does not work in a transaction that is %s', what, pg_catalog.upper(pg_catalog.current_setting('transaction_isolation'))),
      'Use READ COMMITTED: it has to see what others have just committed');
  end if;
end
$$;
comment on function faultline._check_isolation(text) is 'Private: raises FL004 for any isolation but READ COMMITTED.';
