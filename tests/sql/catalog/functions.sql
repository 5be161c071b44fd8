\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Promise 13, from the catalogs; each query lists the exceptions, and there are none.
create view tap.functions as
select p.*, p.proname like '\_%' as private, p.oid::regprocedure::text as signature
from pg_proc p where p.pronamespace = 'faultline'::regnamespace;
create view tap.roles as
select r as role from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer', 'public']) r;

select cmp_ok(count(*), '>', 40::bigint, 'there are functions') from tap.functions;
select is_empty($$select proname from tap.functions group by proname having count(*) > 1$$, 'no name is overloaded');
select is_empty($$select signature from tap.functions where proowner <> 'faultline_owner'::regrole$$, 'every function belongs to faultline_owner');
select is_empty($$select signature from tap.functions where not private and not prosecdef$$, 'every public one is SECURITY DEFINER');
select is_empty($$select signature from tap.functions where prosecdef and not coalesce(proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']$$,
  'and has a pinned path, pg_temp last');
select is(array(select signature from tap.functions where private and prosecdef), '{faultline._check_balanced()}',
  'no private one runs as anybody but its caller, but for the trigger that reads postings at commit');
select is_empty($$select signature from tap.functions where has_function_privilege('public', oid, 'execute')$$, 'PUBLIC may execute none');
select is_empty($$select signature, role from tap.functions, tap.roles where private and has_function_privilege(role, oid, 'execute')$$, 'a private one nobody but its owner');
select is_empty($$select signature from tap.functions where not private and not exists (select from tap.roles where has_function_privilege(role, oid, 'execute'))$$,
  'a public one somebody');
select is_empty($$select signature, grantee::regrole from tap.functions, aclexplode(proacl) where is_grantable and grantee <> proowner$$, 'nobody may pass it on');
select is_empty($$select signature from tap.functions where obj_description(oid, 'pg_proc') is null$$, 'every function has a comment');
select is_empty($$select signature from tap.functions where private <> (obj_description(oid, 'pg_proc') like 'Private: %')$$, 'which says so if it is private');
select is_empty($$select signature from tap.functions where not private and pronargs > 0 and proargnames[1:pronargs] && '{""}'$$, 'every argument has a name');
select is_empty($$select signature from tap.functions f join pg_language l on l.oid = f.prolang where l.lanname not in ('plpgsql', 'sql')$$, 'PL/pgSQL and SQL alone');
select is_empty($$select signature from tap.functions f join pg_language l on l.oid = f.prolang where l.lanname = 'sql' and provolatile <> 'i' and signature not in ('faultline._ring(text)', 'faultline._stands_apart(jsonb)')$$,
  'SQL only for what touches no table (it is planned again at each call) and for what becomes part of its caller');
select is_empty($$select signature from tap.functions where regexp_replace(prosrc, '--[^\n]*|''[^'']*''', '', 'g') ~* '\mexecute\M' and proname <> 'maintain'$$,
  'no statement is built at run time but in maintain');

-- Who may execute what. This table is the contract: a function that is new stands here, or the test fails.
create table tap.matrix (name text, producer boolean, runner boolean, operator boolean, observer boolean);
insert into tap.matrix values
  --                    producer runner operator observer
  ('account_balance',   false,   true,  true,    true),
  ('advance_floor',     false,   true,  true,    true),
  ('answer_effect',     false,   true,  true,    false),
  ('apply_and_complete', false,  true,  false,   false),
  ('apply_ledger',      false,   true,  false,   false),
  ('begin_effect',      false,   true,  false,   false),
  ('bell',              false,   true,  false,   false),
  ('cancel_job',        false,   false, true,    false),
  ('cancel_run',         false,  false,true,    false),
  ('cancelled',         false,   true,  false,   false),
  ('check_schedule',    false,   false, true,    false),
  ('claim_job',         false,   true,  false,   false),
  ('claim_jobs',        false,   true,  false,   false),
  ('complete_job',      false,   true,  false,   false),
  ('complete_jobs',     false,   true,  false,   false),
  ('create_token',      false,   false, true,    false),
  ('delete_schedule',   false,   false, true,    false),
  ('discard_job',       false,   false, true,    false),
  ('effect_sent',       false,   true,  false,   false),
  ('effects_to_ask',    false,   true,  true,    false),
  ('enqueue',           true,    true,  true,    false),
  ('enqueue_bulk',      true,    true,  true,    false),
  ('enqueue_many',      true,    true,  true,    false),
  ('fail_job',          false,   true,  false,   false),
  ('fail_jobs',         false,   true,  false,   false),
  ('fail_transaction',  false,   false, true,    false),
  ('find_entry',        false,   true,  false,   false),
  ('find_token',        false,   false, true,    false),
  ('fire_now',          false,   false, true,    false),
  ('fire_schedule',     false,   true,  true,    false),
  ('fire_schedules',    false,   true,  true,    false),
  ('heartbeat',         false,   true,  false,   false),
  ('job_status',        true,    true,  true,    true),
  ('maintain',          false,   true,  true,    false),
  ('metrics',           false,   true,  true,    true),
  ('next_ready',        false,   true,  false,   false),
  ('open_ledger',       false,   true,  false,   false),
  ('pause_queue',       false,   false, true,    false),
  ('pause_schedule',    false,   false, true,    false),
  ('put_schedule',      false,   false, true,    false),
  ('put_workflow',       false,  false,true,    false),
  ('ready_queues',      false,   true,  false,   false),
  ('reap_expired',      false,   true,  true,    false),
  ('reconcile',         false,   true,  true,    false),
  ('register_runner',   false,   true,  false,   false),
  ('release_job',       false,   true,  false,   false),
  ('release_unknown',   false,   true,  false,   false),
  ('remove_runner',     false,   true,  false,   false),
  ('report_stale',      false,   true,  false,   false),
  ('resume_queue',      false,   false, true,    false),
  ('resume_schedule',   false,   false, true,    false),
  ('resume_run',         false,  false,true,    false),
  ('retry_job',         false,   false, true,    false),
  ('revoke_token',      false,   false, true,    false),
  ('run_status',         true,   true, true,    true),
  ('schedule_changes',  false,   true,  true,    false),
  ('schema_version',    true,    true,  true,    true),
  ('set_account',       false,   false, true,    false),
  ('set_queue',         false,   false, true,    false),
  ('set_settings',      false,   false, true,    false),
  ('settle_effect',     false,   true,  false,   false),
  ('signal_run',         true,   true, true,    false),
  ('snooze_job',        false,   true,  false,   false),
  ('submit_transaction', true,   true,  true,    false),
  ('task_contexts',      false,  true, false,   false),
  ('transaction_status', true,   true,  true,    true),
  ('trigger_workflow',   true,   true, true,    false),
  ('unfinished',        false,   true,  true,    true),
  ('verifies',          false,   true,  false,   false),
  ('verify',            false,   true,  true,    true),
  ('wake_tasks',         false,  true, true,    false),
  ('why',               false,   false, true,    true),
  ('zone_offsets',      false,   true,  true,    false);
select results_eq(
  $$select proname::text collate "C", has_function_privilege('faultline_producer', oid, 'execute'), has_function_privilege('faultline_runner', oid, 'execute'),
      has_function_privilege('faultline_operator', oid, 'execute'), has_function_privilege('faultline_observer', oid, 'execute')
    from tap.functions where not private order by 1$$,
  'select name collate "C", producer, runner, operator, observer from tap.matrix order by 1', 'exactly these roles may execute exactly these functions');

select * from finish();
rollback;
