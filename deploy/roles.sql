-- Deploy faultline:roles to pg
-- Roles belong to the cluster: another database may have made them already. The deployer needs CREATEROLE,
-- or roles made by somebody else and membership in faultline_owner.

begin;

do $$
begin
  begin create role faultline_owner nologin; exception when duplicate_object or unique_violation then null; end;
  begin create role faultline_producer nologin; exception when duplicate_object or unique_violation then null; end;
  begin create role faultline_runner nologin; exception when duplicate_object or unique_violation then null; end;
  begin create role faultline_operator nologin; exception when duplicate_object or unique_violation then null; end;
  begin create role faultline_observer nologin; exception when duplicate_object or unique_violation then null; end;
exception
  when insufficient_privilege then
    if (select count(*) from pg_catalog.pg_roles
        where rolname in ('faultline_owner', 'faultline_producer', 'faultline_runner', 'faultline_operator',
                          'faultline_observer')) < 5 then
      raise exception using
        errcode = 'insufficient_privilege',
        message = pg_catalog.format('role %I may not create the roles of Faultline', current_user),
        hint = pg_catalog.format('Let a superuser run: ALTER ROLE %I CREATEROLE', current_user);
    end if;
end
$$;

-- A later SET ROLE needs membership that inherits and, from PostgreSQL 16 on, may be set.
do $$
declare
  usable boolean := pg_catalog.pg_has_role(current_user, 'faultline_owner', 'USAGE');
begin
  if usable and pg_catalog.current_setting('server_version_num')::int >= 160000 then
    usable := pg_catalog.pg_has_role(current_user, 'faultline_owner', 'SET');
  end if;
  if not usable then
    grant faultline_owner to current_user;
  end if;
exception
  when insufficient_privilege then
    raise exception using
      errcode = 'insufficient_privilege',
      message = pg_catalog.format('role %I may not act as faultline_owner, which exists in this cluster already',
                                  current_user),
      hint = pg_catalog.format('Let a superuser, or whoever created it, run: GRANT faultline_owner TO %I', current_user);
end
$$;

do $$
begin
  if not pg_catalog.pg_has_role('faultline_runner', 'faultline_producer', 'USAGE') then
    grant faultline_producer to faultline_runner;
  end if;
  if not pg_catalog.pg_has_role('faultline_operator', 'faultline_producer', 'USAGE') then
    grant faultline_producer to faultline_operator;
  end if;
  if not pg_catalog.pg_has_role('faultline_operator', 'faultline_observer', 'USAGE') then
    grant faultline_observer to faultline_operator;
  end if;
end
$$;

commit;
