\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- One id for each payload, in order.
select is((select string_agg(name_of(id), ' ' order by n) from faultline.enqueue_bulk('t', '[{"name": "a"}, {"name": "b"}, {"name": "c"}]') with ordinality e (id, n)),
          'a b c', 'the ids in the order of the payloads');
select is((select count(distinct id) from faultline.enqueue_bulk('t', '[{}, {}]') id), 2::bigint, 'alike payloads are two jobs');
select isnt((select min(id) from faultline.enqueue_bulk('t', '[{"n": 1}]') id), (select min(id) from faultline.enqueue_bulk('t', '[{"n": 1}]') id), 'repeated, it makes other jobs');
select is_empty($$select * from faultline.enqueue_bulk('t', '[]')$$, 'an empty array makes nothing');

-- The same arguments as to enqueue: all said, all defaults, all NULL.
create function pg_temp.same(one bigint, other bigint, description text) returns text language sql
as $$
select is(to_jsonb(job(other)) - '{job_id,created_at}'::text[] - case when (job(other)).ready_at = (job(other)).created_at then 'ready_at' else '' end,
          to_jsonb(job(one)) - '{job_id,created_at}'::text[] - case when (job(one)).ready_at = (job(one)).created_at then 'ready_at' else '' end,
          description)
$$;
select pg_temp.same(faultline.enqueue('t'), faultline.enqueue_bulk('t', '[{}]'), 'every default is that of enqueue');
select pg_temp.same(faultline.enqueue('t'), faultline.enqueue_bulk('t', '[{}]', null, null, null, null, null, null, null, null), 'NULL for each argument means its default');
select pg_temp.same(
  faultline.enqueue('a.b', '{"x": [1]}', 'mail', '2100-01-01Z', 1, 7, null, null, '{"kind": "fixed", "delay": "5s"}', '90 s', '{red,blue}', '{"h": 1}'),
  faultline.enqueue_bulk('a.b', '[{"x": [1]}]', 'mail', '2100-01-01Z', 1, 7, '{"kind": "fixed", "delay": "5s"}', '90 s', '{red,blue}', '{"h": 1}'),
  'every argument is kept as given');
select cmp_ok((job((select faultline.enqueue_bulk('t', '[{}]', run_at => '1999-01-01')))).ready_at, '>', now(), 'a run_at that has passed means now, never the past');

select faultline.set_queue('thrice', '{"max_attempts": 3}') is not null as set_ \gset
select faultline.set_settings('{"max_attempts": 9}') is not null as set_ \gset
select is((job((select faultline.enqueue_bulk('t', '[{}]', queue_, max_attempts => given)))).max_attempts, wanted, description)
from (values ('thrice', 2, 2, 'max_attempts: what is said'), ('thrice', null, 3, 'else what the queue says'), ('other', null, 9, 'else the settings')) v (queue_, given, wanted, description);

-- The most at once.
select is((select (count(*), count(distinct id)) from faultline.enqueue_bulk('bulk', (select jsonb_agg('{}'::jsonb) from generate_series(1, 10000))) id),
          (10000::bigint, 10000::bigint), '10 000 payloads');
select is((select count(*) from faultline.jobs_live where type = 'bulk'), 10000::bigint, 'are 10 000 jobs');
select refuses($$select faultline.enqueue_bulk('t', (select jsonb_agg('{}'::jsonb) from generate_series(1, 10001)))$$,
               'FL004', 'the array has 10001 elements', '10 001 are refused');

select * from finish();
rollback;
