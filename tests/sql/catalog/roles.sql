\ir ../../support/prelude.sql
begin;
select * from no_plan();

create view tap.ours as
select r.* from pg_roles r
where r.rolname in ('faultline_owner', 'faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer');

select is(count(*), 5::bigint, 'five roles') from tap.ours;
select is_empty($$select rolname from tap.ours where rolcanlogin$$, 'none can log in');
select is_empty($$select rolname from tap.ours where rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls$$, 'none has a power of its own');
select is_empty($$select rolname from tap.ours where not rolinherit$$, 'each has what it is a member of');
select is_empty($$select rolname, rolconfig from tap.ours where rolconfig is not null$$, 'none has settings of its own');
select results_eq(
  $$select m.rolname::text collate "C", g.rolname::text collate "C" from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
    where m.oid in (select oid from tap.ours) order by 1, 2$$,
  $$values ('faultline_operator' collate "C", 'faultline_observer' collate "C"), ('faultline_operator', 'faultline_producer'), ('faultline_runner', 'faultline_producer')$$,
  'a runner is a producer; an operator is a producer and an observer; nothing else');
select is_empty($$select rolname from tap.ours where rolname <> 'faultline_owner' and pg_has_role(rolname, 'faultline_owner', 'member')$$, 'nobody is the owner');
select is_empty($$select a.admin_option from pg_auth_members a where a.member in (select oid from tap.ours) and a.admin_option$$, 'none may pass a membership on');

-- Functions that a later release or maintain() creates.
set local role faultline_owner;
create function faultline.later() returns int language sql as 'select 1';
create table faultline.later_table (n int);
reset role;
select is_empty($$select r from unnest(array['public', 'faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer']) r
    where has_function_privilege(r, 'faultline.later()', 'execute') or has_table_privilege(r, 'faultline.later_table', 'select')$$,
  'what the owner creates later is nobody''s until it is granted');
select is(
  (select array_agg(defaclobjtype::text || ' in ' || coalesce(nullif(defaclnamespace, 0)::regnamespace::text, 'any schema') || ' ' || defaclacl::text)
   from pg_default_acl where defaclrole = 'faultline_owner'::regrole),
  array['f in any schema {faultline_owner=X/faultline_owner}'], 'by the global form of default privileges, the only one that can take from PUBLIC');

select * from finish();
rollback;
