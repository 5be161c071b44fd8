\ir ../../support/ledger.sql
begin;
select * from no_plan();

select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum) from pg_attribute a where a.attrelid = 'faultline.transaction_log'::regclass and a.attnum > 0),
  'transaction_id text, kind text, state text, reason text, job_id bigint, job_state text, request jsonb, created_at timestamp with time zone, settled_at timestamp with time zone, entry_id bigint, '
  'attempt integer, effect jsonb, applied_at timestamp with time zone', 'its columns');
select submitted('init'), applied('applied'), submitted('burnt'), faultline.fail_transaction('burnt', 'r'), applied('done'), job_ends('done', 'succeeded'), reconciled(false);
select results_eq('select transaction_id, kind, state, reason, job_id, job_state, request, effect, attempt from faultline.transaction_log order by created_at',
  $$values ('init', 't', 'INIT', null, id('init'), null, '{"name": "init"}'::jsonb, null::jsonb, null::int), ('applied', 't', 'APPLIED', null, id('applied'), null, '{"name": "applied"}', '{"done": true}', 1),
           ('burnt', 't', 'FAILED', 'r', id('burnt'), 'cancelled', '{"name": "burnt"}', null, null), ('done', 't', 'RECONCILED', null, id('done'), 'succeeded', '{"name": "done"}', '{"done": true}', 1)$$, 'every transaction, with its entry');
select is((l.entry_id, l.applied_at, l.settled_at), ((entry('done')).entry_id, (entry('done')).applied_at, (transaction('done')).settled_at), 'and when') from faultline.transaction_log l where transaction_id = 'done';
select is(act(role, 'select count(*) from faultline.transaction_log'), '4', role || ' reads it') from unnest(array['faultline_observer', 'faultline_operator']) role;
select refused(role, 'select 1 from faultline.transaction_log', '42501', 'permission denied for view transaction_log') from unnest(array['faultline_producer', 'faultline_runner']) role;

select * from finish();
rollback;
