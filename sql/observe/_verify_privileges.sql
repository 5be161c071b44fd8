-- Promise 13, read from the catalogs: who may touch what in the schema, and as whom its functions run.
create function faultline._verify_privileges()
returns table (promise int, check_name text, subject text, detail text)
language plpgsql stable
as $$
declare
  schema_ constant oid := 'faultline'::pg_catalog.regnamespace;
begin
  return query
  select 13, 'table_privilege', c.relname::text,
    pg_catalog.format('%s has %s', coalesce(r.rolname, 'PUBLIC'), a.privilege_type)
  from pg_catalog.pg_class c
  cross join lateral pg_catalog.aclexplode(c.relacl) a
  left join pg_catalog.pg_roles r on r.oid = a.grantee
  where c.relnamespace = schema_ and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and a.grantee <> c.relowner
    and not (c.relkind = 'v' and a.privilege_type = 'SELECT' and a.grantee <> 0);

  return query
  select 13, 'column_privilege', pg_catalog.format('%s.%s', c.relname, t.attname),
    pg_catalog.format('%s has %s', coalesce(r.rolname, 'PUBLIC'), a.privilege_type)
  from pg_catalog.pg_class c
  join pg_catalog.pg_attribute t on t.attrelid = c.oid and t.attacl is not null
  cross join lateral pg_catalog.aclexplode(t.attacl) a
  left join pg_catalog.pg_roles r on r.oid = a.grantee
  where c.relnamespace = schema_ and a.grantee <> c.relowner
    and not (c.relkind = 'v' and a.privilege_type = 'SELECT' and a.grantee <> 0);

  return query
  select 13, 'schema_privilege', 'schema faultline', pg_catalog.format('%s has %s', coalesce(r.rolname, 'PUBLIC'), a.privilege_type)
  from pg_catalog.pg_namespace n
  cross join lateral pg_catalog.aclexplode(n.nspacl) a
  left join pg_catalog.pg_roles r on r.oid = a.grantee
  where n.oid = schema_ and a.grantee <> n.nspowner and a.privilege_type <> 'USAGE';

  return query
  select 13, 'owner_granted', r.rolname::text, 'it is a member of faultline_owner, and so may touch every table'
  from pg_catalog.pg_roles r
  where r.rolname in ('faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer')
    and pg_catalog.pg_has_role(r.rolname, 'faultline_owner', 'MEMBER');

  return query
  select 13, 'not_owned', d.what, pg_catalog.format('its owner is %s, not faultline_owner', pg_catalog.pg_get_userbyid(d.owner))
  from (
    select c.relname::text as what, c.relowner as owner from pg_catalog.pg_class c where c.relnamespace = schema_
    union all
    select p.oid::pg_catalog.regprocedure::text, p.proowner from pg_catalog.pg_proc p where p.pronamespace = schema_
    union all
    select 'schema faultline', n.nspowner from pg_catalog.pg_namespace n where n.oid = schema_
  ) d
  where d.owner <> 'faultline_owner'::pg_catalog.regrole;

  return query
  select 13, 'owner_can_log_in', r.rolname::text, 'the owner of the schema is a superuser or may log in'
  from pg_catalog.pg_roles r
  where r.rolname = 'faultline_owner' and (r.rolsuper or r.rolcanlogin);

  return query
  select 13, 'public_execute', p.oid::pg_catalog.regprocedure::text, 'PUBLIC may execute it'
  from pg_catalog.pg_proc p
  where p.pronamespace = schema_
    and (p.proacl is null or exists (select from pg_catalog.aclexplode(p.proacl) a where a.grantee = 0));

  return query
  select 13, 'private_execute', p.oid::pg_catalog.regprocedure::text,
    pg_catalog.format('%s may execute a private function', pg_catalog.pg_get_userbyid(a.grantee))
  from pg_catalog.pg_proc p
  cross join lateral pg_catalog.aclexplode(p.proacl) a
  where p.pronamespace = schema_ and p.proname like '\_%' and a.grantee not in (0, p.proowner);

  return query
  select 13, 'path_not_pinned', p.oid::pg_catalog.regprocedure::text,
    'it is not SECURITY DEFINER with search_path = pg_catalog, pg_temp'
  from pg_catalog.pg_proc p
  where p.pronamespace = schema_ and p.proname not like '\_%'
    and (not p.prosecdef or not coalesce(p.proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']);
end
$$;
comment on function faultline._verify_privileges() is 'Private: violations of promise 13.';
