-- Raises FL004 for any isolation but READ COMMITTED: under an older snapshot who waited for a schedule does not see the
-- ticks that it waited for, and a row that is only locked raises no 40001.
create function faultline._check_isolation(what text)
returns void
language plpgsql
as $$
begin
  if pg_catalog.current_setting('transaction_isolation') <> 'read committed' then
    perform faultline._invalid(
      pg_catalog.format('%s does not work in a transaction that is %s', what, pg_catalog.upper(pg_catalog.current_setting('transaction_isolation'))), 'Use READ COMMITTED');
  end if;
end
$$;
comment on function faultline._check_isolation(text) is 'Private: raises FL004 for any isolation but READ COMMITTED.';
