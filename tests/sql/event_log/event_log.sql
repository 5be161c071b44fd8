\ir ../../support/operating.sql
select * from no_plan();

select views_are('faultline', '{account_balances,effect_log,event_log,jobs,posting_log,queue_overview,run_log,runner_overview,schedule_list,schedule_tick_log,task_log,token_overview,transaction_log,workflow_log}', 'these views and no other');
select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
   from pg_attribute a where a.attrelid = 'faultline.event_log'::regclass and a.attnum > 0),
  'event_id bigint, at timestamp with time zone, job_id bigint, attempt integer, verb text, runner uuid, actor text, detail jsonb',
  'its columns');

select job_in('failed') as dead \gset
select faultline.pause_queue('mail');
select is(observe(format($$select string_agg(verb || ' ' || coalesce(job_id, 0) || ' ' || coalesce(attempt, 0) || ' ' || (actor = session_user), ', ' order by event_id) from faultline.event_log$$)),
  format('fail %s 1 true, pause 0 0 true', :dead), 'an observer reads every event in it');
select is(runner, '11111111-1111-1111-1111-111111111111', 'whose lease it was is there') from faultline.event_log where verb = 'fail';
select ok(at between now() - interval '1 minute' and clock_timestamp(), 'and when') from faultline.event_log;

select * from finish();
