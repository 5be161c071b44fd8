\ir ../../support/operating.sql
select * from no_plan();

-- Each statement breaks promise 13 in one way, in a transaction that is rolled back.
create function tap.after(statement text) returns text[] language plpgsql
as $$
declare
  said text[];
begin
  begin
    execute statement;
    said := array(select v from tap.violations() v order by v);
    raise exception using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then
    return said;
  end;
end
$$;

select healthy('as installed');
select is(after(statement), rows::text[], statement)
from (values
  ('grant select on faultline.jobs_live to faultline_observer', '{"13 table_privilege: jobs_live: faultline_observer has SELECT"}'),
  ('grant insert, update on faultline.queues to public', '{"13 table_privilege: queues: PUBLIC has INSERT","13 table_privilege: queues: PUBLIC has UPDATE"}'),
  ('grant truncate on faultline.jobs_done_default to faultline_runner', '{"13 table_privilege: jobs_done_default: faultline_runner has TRUNCATE"}'),
  ('grant usage on sequence faultline.jobs_live_job_id_seq to faultline_producer', '{"13 table_privilege: jobs_live_job_id_seq: faultline_producer has USAGE"}'),
  ('grant delete on faultline.event_log to faultline_operator', '{"13 table_privilege: event_log: faultline_operator has DELETE"}'),
  ('grant select on faultline.jobs to public', '{"13 table_privilege: jobs: PUBLIC has SELECT"}'),
  ('grant select on faultline.jobs to faultline_runner', '{}'),
  ('grant select (payload), update (payload) on faultline.jobs_live to faultline_observer',
   '{"13 column_privilege: jobs_live.payload: faultline_observer has SELECT","13 column_privilege: jobs_live.payload: faultline_observer has UPDATE"}'),
  ('grant insert (verb) on faultline.event_log to public', '{"13 column_privilege: event_log.verb: PUBLIC has INSERT"}'),
  ('grant select (verb) on faultline.event_log to public', '{"13 column_privilege: event_log.verb: PUBLIC has SELECT"}'),
  ('grant select (verb) on faultline.event_log to faultline_runner', '{}'),
  ('grant create on schema faultline to faultline_operator', '{"13 schema_privilege: schema faultline: faultline_operator has CREATE"}'),
  ('grant create on schema faultline to public', '{"13 schema_privilege: schema faultline: PUBLIC has CREATE"}'),
  ('grant usage on schema faultline to public', '{}'),
  ('grant faultline_owner to faultline_producer',
   '{"13 owner_granted: faultline_operator: it is a member of faultline_owner, and so may touch every table",'
   '"13 owner_granted: faultline_producer: it is a member of faultline_owner, and so may touch every table",'
   '"13 owner_granted: faultline_runner: it is a member of faultline_owner, and so may touch every table"}'),
  ('alter table faultline.runners owner to postgres', '{"13 not_owned: runners: its owner is postgres, not faultline_owner","13 not_owned: runners_pkey: its owner is postgres, not faultline_owner"}'),
  ('alter function faultline.bell(text) owner to postgres', '{"13 not_owned: faultline.bell(text): its owner is postgres, not faultline_owner"}'),
  ('alter view faultline.jobs owner to postgres', '{"13 not_owned: jobs: its owner is postgres, not faultline_owner"}'),
  ('alter schema faultline owner to postgres; grant usage on schema faultline to faultline_owner', '{"13 not_owned: schema faultline: its owner is postgres, not faultline_owner"}'),
  ('create view faultline.mine as select 1 as one', '{"13 not_owned: mine: its owner is postgres, not faultline_owner"}'),
  ('alter role faultline_owner login', '{"13 owner_can_log_in: faultline_owner: the owner of the schema is a superuser or may log in"}'),
  ('alter role faultline_owner superuser', '{"13 owner_can_log_in: faultline_owner: the owner of the schema is a superuser or may log in"}'),
  ('grant execute on function faultline.bell(text) to public', '{"13 public_execute: faultline.bell(text): PUBLIC may execute it"}'),
  ('grant execute on function faultline._ago(interval) to public', '{"13 public_execute: faultline._ago(interval): PUBLIC may execute it"}'),
  ('set local role faultline_owner; create function faultline._new() returns int language sql as ''select 1''; reset role', '{}'),
  ('grant execute on function faultline._ago(interval) to faultline_observer', '{"13 private_execute: faultline._ago(interval): faultline_observer may execute a private function"}'),
  ('alter function faultline.bell(text) security invoker', '{"13 path_not_pinned: faultline.bell(text): it is not SECURITY DEFINER with search_path = pg_catalog, pg_temp"}'),
  ('alter function faultline.bell(text) reset search_path', '{"13 path_not_pinned: faultline.bell(text): it is not SECURITY DEFINER with search_path = pg_catalog, pg_temp"}'),
  ('alter function faultline.claim_jobs(text[], uuid, int, interval, text) set search_path = pg_catalog',
   '{"13 path_not_pinned: faultline.claim_jobs(text[],uuid,integer,interval,text): it is not SECURITY DEFINER with search_path = pg_catalog, pg_temp"}')
) as v (statement, rows);
-- Without its ACL a function is everybody's: PostgreSQL's default.
select is(after($$update pg_proc set proacl = null where oid = 'faultline.bell'::regproc$$), '{"13 public_execute: faultline.bell(text): PUBLIC may execute it"}', 'no ACL at all');
select healthy('all of it was undone');

select * from finish();
