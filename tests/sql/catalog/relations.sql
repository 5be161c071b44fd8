\ir ../../support/prelude.sql
begin;
select * from no_plan();

create view tap.relations as
select c.*, c.oid::regclass::text as name from pg_class c where c.relnamespace = 'faultline'::regnamespace;
create view tap.everybody as
select r as role from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer', 'public']) r;

select tables_are('faultline',
  array(select 'jobs_done' || s from (select '' union all select '_default' union all select '_' || to_char((now() at time zone 'UTC')::date + n, 'YYYYMMDD') from generate_series(0, 14) n) v (s))
  || array(select 'job_events' || s from (select '' union all select '_default' union all select '_' || to_char((now() at time zone 'UTC')::date + n, 'YYYYMMDD') from generate_series(0, 14) n) v (s))
  || '{account_checkpoints,accounts,api_tokens,effects,idempotency_keys,jobs_live,ledger_checkpoint,ledger_entries,payloads,postings,queues,run_signals,runners,runs,schedule_ticks,schedules,settings,task_dependencies,tasks,transactions,workflow_tasks,workflows}'::name[],
  'these tables, and daily partitions of two of them');
select views_are('faultline', '{account_balances,effect_log,event_log,jobs,posting_log,queue_overview,run_log,runner_overview,schedule_list,schedule_tick_log,task_log,token_overview,transaction_log,workflow_log}', 'these views');
select is(array(select name from tap.relations where relkind = 'c'), '{faultline.claimed_job}', 'one composite type');
select is_empty($$select name from tap.relations where relkind not in ('r', 'p', 'v', 'i', 'I', 'S', 'c')$$, 'nothing else');

select is_empty($$select name, relowner::regrole from tap.relations where relowner <> 'faultline_owner'::regrole$$, 'everything belongs to faultline_owner');
select is(nspowner::regrole::text, 'faultline_owner', 'the schema too') from pg_namespace where nspname = 'faultline';
select is_empty($$select name, role, privilege
    from tap.relations, tap.everybody, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) privilege
    where relkind in ('r', 'p') and has_table_privilege(role, oid, privilege)$$,
  'nobody but the owner may touch a table');
select is_empty($$select name, role, attname, privilege
    from tap.relations join pg_attribute a on attrelid = relations.oid and attnum > 0 and not attisdropped, tap.everybody, unnest(array['select', 'insert', 'update', 'references']) privilege
    where relkind in ('r', 'p') and has_column_privilege(role, relations.oid, attnum, privilege)$$,
  'nor a column of one');
select is_empty($$select name, role from tap.relations, tap.everybody, unnest(array['usage', 'select', 'update']) privilege
    where relkind = 'S' and has_sequence_privilege(role, oid, privilege)$$, 'nor a sequence');
select results_eq($$select role, name, array_agg(privilege)
    from tap.relations, tap.everybody, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) privilege
    where relkind = 'v' and has_table_privilege(role, oid, privilege) group by role, name order by role, name$$,
  $$select role, 'faultline.' || name, '{select}'::text[] from unnest(array['faultline_observer', 'faultline_operator']) role,
      unnest(array['account_balances', 'effect_log', 'event_log', 'jobs', 'posting_log', 'queue_overview', 'run_log', 'runner_overview', 'schedule_list', 'schedule_tick_log', 'task_log', 'token_overview', 'transaction_log', 'workflow_log']) name order by 1, 2$$,
  'observer and operator may SELECT from the views, nobody anything else');
select results_eq($$select role, array_agg(privilege) from tap.everybody, unnest(array['usage', 'create']) privilege where has_schema_privilege(role, 'faultline', privilege) group by role order by role$$,
  $$values ('faultline_observer', '{usage}'::text[]), ('faultline_operator', '{usage}'), ('faultline_producer', '{usage}'), ('faultline_runner', '{usage}')$$,
  'the four roles may use the schema, nobody may create in it');

select is_empty($$select name from tap.relations where relkind in ('r', 'p', 'v', 'c') and obj_description(oid, 'pg_class') is null
    and obj_description(reltype, 'pg_type') is null and not (relispartition and name ~ '_[0-9]{8}$')$$,
  'every table, view and type has a comment (a day has its parent''s)');
select isnt(obj_description('faultline'::regnamespace, 'pg_namespace'), null, 'the schema has one');
select is_empty($$select conname from pg_constraint c
    where c.connamespace = 'faultline'::regnamespace and c.contype = 'f'
      and not exists (select from pg_index i where i.indrelid = c.conrelid and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] operator(pg_catalog.@>) c.conkey)$$,
  'every foreign key has an index');
select is_empty($$select c.relname from tap.relations c where c.relkind in ('r', 'p') and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)$$,
  'every table has a primary key');
select is_empty($$select name from tap.relations where relkind in ('r', 'p') and (relrowsecurity or relpersistence <> 'p')$$, 'every table is logged, none has row security');
select is_empty($$select conname from pg_constraint where connamespace = 'faultline'::regnamespace and not convalidated$$, 'every constraint is validated');
select is_empty($$select extname from pg_extension where extnamespace = 'faultline'::regnamespace$$, 'no extension is in it');
select is_empty($$select typname from pg_type where typnamespace = 'faultline'::regnamespace and typtype = 'e'$$, 'no enum: its values can''t be reverted');

select * from finish();
rollback;
