\ir ../../support/operating.sql
select * from no_plan();

select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
   from pg_attribute a where a.attrelid = 'faultline.runner_overview'::regclass and a.attnum > 0),
  'runner uuid, host text, pid integer, version text, queues text[], started_at timestamp with time zone, '
  'last_seen_at timestamp with time zone, running bigint',
  'its columns');

select faultline.register_runner('11111111-1111-1111-1111-111111111111', 'worker-1', 42, '0.1.0', '{a,b}');
select faultline.register_runner('22222222-2222-2222-2222-222222222222', 'worker-2', 43, '0.1.0');
select job_in('running') as first, job_in('running', '{"queue": "a"}') as second, job_in('failed') as failed \gset
select results_eq('select runner::text, host, pid, version, queues, running, started_at = last_seen_at from faultline.runner_overview order by runner',
  $$values ('11111111-1111-1111-1111-111111111111', 'worker-1', 42, '0.1.0', '{a,b}'::text[], 2::bigint, true),
           ('22222222-2222-2222-2222-222222222222', 'worker-2', 43, '0.1.0', null, 0, true)$$,
  'every runner, and how many jobs it holds');
select faultline.complete_job(:first, 1);
select is(observe($$select running from faultline.runner_overview where pid = 42$$), '1', 'what it has finished it does not hold; an observer reads it');
update faultline.jobs_live set lease_expires_at = now() - interval '1 h' where job_id = :second;
select is(running, 1::bigint, 'what is overdue is still held, until it is taken back') from faultline.runner_overview where pid = 42;

select * from finish();
