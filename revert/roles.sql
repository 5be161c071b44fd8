-- Revert faultline:roles from pg
-- Roles are the cluster's: they stay while anything else, here or in another database, depends on them.

begin;

do $$
begin
  if exists (
    select
    from pg_catalog.pg_shdepend d
    join pg_catalog.pg_roles r on r.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
    where r.rolname in ('faultline_owner', 'faultline_producer', 'faultline_runner', 'faultline_operator',
                        'faultline_observer')
      and d.classid <> 'pg_catalog.pg_auth_members'::pg_catalog.regclass
  ) then
    raise notice 'the roles of Faultline are still in use in this cluster: they stay';
  else
    drop role faultline_operator, faultline_runner, faultline_producer, faultline_observer, faultline_owner;
  end if;
end
$$;

commit;
