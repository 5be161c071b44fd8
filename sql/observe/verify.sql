-- Checks every promise on the live database. No row means healthy; a row is a violation: the promise's number, the
-- check, what it is about, and what is wrong. For faultline_runner and faultline_observer. Locks nothing, changes
-- nothing. Reads whole tables: minutes apart, not seconds.
create function faultline.verify()
returns table (promise int, check_name text, subject text, detail text)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query select * from faultline._verify_jobs();
  return query select * from faultline._verify_keys();
  return query select * from faultline._verify_ledger();
  return query select * from faultline._verify_workflows();
  return query select * from faultline._verify_schedules();
  return query select * from faultline._verify_guards();
  return query select * from faultline._verify_privileges();
end
$$;
comment on function faultline.verify() is 'Checks every promise on the live database; no row means healthy.';
grant execute on function faultline.verify() to faultline_runner, faultline_observer;
