-- Verify faultline:roles on pg

select 1 / (count(*) = 5)::int
from pg_catalog.pg_roles
where rolname in ('faultline_owner', 'faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer')
  and not rolcanlogin and not rolsuper;
