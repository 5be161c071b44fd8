\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- One row for each element, in order; what was said for each is kept, and what was not has its default.
select is((select string_agg(format('%s %s %s', ordinal, name_of(job_id), created), ', ')
           from faultline.enqueue_many('[{"type": "t", "payload": {"name": "a"}}, {"type": "t", "payload": {"name": "b"}, "idempotency_key": "z"},
             {"type": "t", "payload": {"name": "c"}, "run_at": "2100-01-01"}, {"type": "t", "payload": {"name": "d"}, "idempotency_key": "y"},
             {"type": "t", "payload": {"name": "e"}, "idempotency_key": "x", "queue": "q"}, {"type": "t", "payload": {"name": "f"}}]')),
          '1 a t, 2 b t, 3 c t, 4 d t, 5 e t, 6 f t', 'keyed and unkeyed mixed come back in the order of the array');
select repeats($$select ordinal, name_of(job_id), created
                 from faultline.enqueue_many('[{"type": "t", "payload": {"name": "e"}, "idempotency_key": "x", "queue": "q"},
                   {"type": "t", "payload": {"name": "b"}, "idempotency_key": "z"}, {"type": "t", "payload": {"name": "d"}, "idempotency_key": "y"}]')$$,
               '1,e,f 2,b,f 3,d,f', 'repeated, keyed elements are found and nothing is changed');
select is((select count(*) from faultline.idempotency_keys), 3::bigint, 'three keys for the three that have one');
select is((live('b')).idempotency_key, 'z', 'the job bears its key');

select answers($$select ordinal, job_id = min(job_id) over (), created
                 from faultline.enqueue_many('[{"type": "t", "idempotency_key": "twice"}, {"type": "t", "idempotency_key": "twice"},
                   {"type": "t", "idempotency_key": "twice", "payload": null}]')$$,
               '1,t,t 2,t,f 3,t,f', 'a key several times in one array is one job, new the first time');
select is((select count(*) from faultline.enqueue_many((select jsonb_agg(jsonb_build_object('type', 't', 'idempotency_key', 'of three ' || n * 7 % 3)) from generate_series(1, 100) n)) m
           where m.created <> (m.ordinal <= 3)), 0::bigint, 'the first time in the order of the array, however long that is');
select answers($$select ordinal, job_id = lag(job_id) over (order by ordinal), created
                 from faultline.enqueue_many('[{"type": "t", "idempotency_key": "in two"}, {"type": "t", "queue": "q", "idempotency_key": "in two"}]')$$,
               '1,,t 2,f,t', 'in two queues it is two keys');
-- Keys are taken in the order (queue, key): the ids of the new jobs tell.
select answers($$select ordinal, rank() over (order by job_id)
                 from faultline.enqueue_many('[{"type": "t", "queue": "e", "idempotency_key": "o"}, {"type": "t", "idempotency_key": "p"}, {"type": "t", "queue": "default", "idempotency_key": "o"},
                   {"type": "t", "queue": "d", "idempotency_key": "q"}]') order by ordinal$$,
               '1,4 2,3 3,2 4,1', 'keys are taken by queue, which is default where none is named, and then by key');
select is((select count(distinct job_id) from faultline.enqueue_many('[{"type": "t"}, {"type": "t"}]')), 2::bigint, 'without a key, alike elements are two jobs');
select is_empty($$select * from faultline.enqueue_many('[]')$$, 'an empty array makes nothing');
select is((select count(*) from faultline.enqueue_many(format('[{"type": "t", "idempotency_key": %s}]', key)::jsonb)), 1::bigint,
          'no element is passed over, even one with the key ' || key)
from unnest(array['[]', '[null]', '[[]]', '{}', '5', 'true', 'null']) key;

-- The same arguments in both ways: all said, all defaults, all null.
create function pg_temp.same(one bigint, many bigint, description text) returns text language sql
as $$
select is(to_jsonb(job(many)) - '{job_id,created_at,idempotency_key}'::text[] - case when (job(many)).ready_at = (job(many)).created_at then 'ready_at' else '' end,
          to_jsonb(job(one)) - '{job_id,created_at,idempotency_key}'::text[] - case when (job(one)).ready_at = (job(one)).created_at then 'ready_at' else '' end,
          description)
$$;
create function pg_temp.many(element jsonb) returns bigint language sql as $$ select job_id from faultline.enqueue_many(jsonb_build_array(element)) $$;
select pg_temp.same(faultline.enqueue('t'), pg_temp.many('{"type": "t"}'), 'every default is that of enqueue');
select pg_temp.same(faultline.enqueue('t'), pg_temp.many('{"type": "t", "payload": null, "queue": null, "run_at": null, "priority": null,
  "max_attempts": null, "idempotency_key": null, "idempotency_ttl": null, "backoff": null, "timeout": null, "tags": null, "headers": null}'),
  'null for each argument means its default');
select pg_temp.same(faultline.enqueue('t'), pg_temp.many('{"type": "t", "payload": null, "queue": null, "run_at": null, "priority": null,
  "max_attempts": null, "idempotency_key": "k", "idempotency_ttl": null, "backoff": null, "timeout": null, "tags": null, "headers": null}'),
  'with a key too');
select pg_temp.same(
  faultline.enqueue('a.b', '{"x": [1]}', 'mail', '2100-01-01Z', 1, 7, null, null, '{"kind": "fixed", "delay": "5s"}', '90 s', '{red,blue}', '{"h": 1}'),
  pg_temp.many('{"type": "a.b", "payload": {"x": [1]}, "queue": "mail", "run_at": "2100-01-01Z", "priority": 1, "max_attempts": 7,
    "backoff": {"kind": "fixed", "delay": "5s"}, "timeout": "90 s", "tags": ["red", "blue"], "headers": {"h": 1}}'), 'every argument is kept as given');
select pg_temp.same(
  faultline.enqueue('a.b', '{"x": [1]}', 'mail', '2100-01-01Z', 1, 7, null, null, '{"kind": "fixed", "delay": "5s"}', '90 s', '{red,blue}', '{"h": 1}'),
  pg_temp.many('{"type": "a.b", "payload": {"x": [1]}, "queue": "mail", "run_at": "2100-01-01Z", "priority": 1, "max_attempts": 7, "idempotency_key": "full",
    "idempotency_ttl": "1 hour", "backoff": {"kind": "fixed", "delay": "5s"}, "timeout": "90 s", "tags": ["red", "blue"], "headers": {"h": 1}}'),
    'with a key too');
select is(expires_at - created_at, '1 hour'::interval, 'and its ttl') from faultline.idempotency_keys where key = 'full';

select faultline.set_queue('thrice', '{"max_attempts": 3}') is not null as set_ \gset
select faultline.set_settings('{"max_attempts": 9}') is not null as set_ \gset
select answers($$select (job(job_id)).max_attempts from faultline.enqueue_many('[{"type": "t", "queue": "thrice"}, {"type": "t", "queue": "thrice", "max_attempts": 2},
  {"type": "t"}, {"type": "t", "queue": "thrice", "idempotency_key": "m"}]')$$, '3 2 9 3', 'max_attempts: the element''s, else the queue''s, else the settings''');

select faultline.set_queue('default', '{"max_attempts": 8}') is not null as set_ \gset
select answers($$select (job(job_id)).max_attempts from faultline.enqueue_many('[{"type": "t"}, {"type": "t", "queue": "elsewhere"}, {"type": "t", "idempotency_key": "d"}]')$$, '8 9 8',
               'where no queue is named it is the default queue that says');

select cmp_ok((job(pg_temp.many('{"type": "t", "run_at": "1999-01-01"}'))).ready_at, '>', now(), 'a run_at that has passed means now, never the past');

-- The most at once.
select is((select (count(*), min(ordinal), max(ordinal), count(distinct job_id), bool_and(created)) from faultline.enqueue_many(
            (select jsonb_agg('{"type": "bulk"}'::jsonb) from generate_series(1, 10000)))),
          (10000::bigint, 1, 10000, 10000::bigint, true), '10 000 elements');
select is((select count(*) from faultline.jobs_live where type = 'bulk'), 10000::bigint, 'are 10 000 jobs');
select refuses($$select * from faultline.enqueue_many((select jsonb_agg('{"type": "t"}'::jsonb) from generate_series(1, 10001)))$$,
               'FL004', 'the array has 10001 elements', '10 001 are refused');

select * from finish();
rollback;
