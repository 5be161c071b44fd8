\ir ../../support/operating.sql
select * from no_plan();

select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
   from pg_attribute a where a.attrelid = 'faultline.jobs'::regclass and a.attnum > 0),
  'job_id bigint, type text, queue text, state text, priority integer, payload jsonb, result jsonb, error jsonb, attempt integer, '
  'max_attempts integer, tags text[], run_at timestamp with time zone, created_at timestamp with time zone, '
  'started_at timestamp with time zone, finished_at timestamp with time zone, lease_owner uuid, '
  'lease_expires_at timestamp with time zone, idempotency_key text, run_id bigint, task text',
  'its columns');

-- A job of each state, once each.
select job_in(state, jsonb_build_object('payload', jsonb_build_object('is', state), 'tags', array[state], 'queue', state))
from unnest(array['queued', 'running', 'failed', 'succeeded', 'cancelled', 'discarded']) state \g /dev/null
select results_eq(
  $$select state, queue, payload ->> 'is', tags, type, priority, attempt, max_attempts from faultline.jobs order by job_id$$,
  $$select s, s, s, array[s], 'work', 2, case when s in ('queued', 'cancelled') then 0 else 1 end, 5
    from unnest(array['queued', 'running', 'failed', 'succeeded', 'cancelled', 'discarded']) s$$,
  'live and finished jobs together, each once');
select results_eq(
  $$select state, started_at is not null, finished_at is not null, lease_owner is not null, lease_expires_at is not null, result is not null, error is not null from faultline.jobs order by job_id$$,
  $$values ('queued', false, false, false, false, false, false), ('running', true, false, true, true, false, false),
           ('failed', true, true, false, false, false, true), ('succeeded', true, true, true, false, true, false),
           ('cancelled', false, true, false, false, false, false), ('discarded', true, true, false, false, false, true)$$,
  'what is there in which state');
select is(observe('select count(*) from faultline.jobs'), '6', 'an observer reads it');
select is(result, '{"done": true}', 'the result') from faultline.jobs where state = 'succeeded';
select ok(run_at <= created_at + interval '1 ms' and created_at <= started_at and started_at <= finished_at, 'its times in their order')
from faultline.jobs where state = 'succeeded';

select throws_ok($$update faultline.jobs set state = 'queued'$$, '55000', null, 'it can''t be written through, whoever tries');

select * from finish();
