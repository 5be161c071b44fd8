\ir ../../support/operating.sql
select * from no_plan();

-- Nothing is claimed from a paused queue; what runs goes on, and jobs can be enqueued.
select job_in('running', '{"queue": "mail"}') as running, job_in('queued', '{"queue": "mail"}') as waiting \gset
select job_in('queued') as other \gset
select operate($$select faultline.pause_queue('mail', 'provider is down')$$);
select is_empty($$select * from faultline.claim_job('mail', gen_random_uuid(), 10)$$, 'a paused queue is not claimed');
select is_empty($$select * from faultline.claim_jobs('{mail}', gen_random_uuid(), 10)$$, 'nor together with others');
select is((select array_agg(job_id) from faultline.claim_jobs('{mail,default}', gen_random_uuid(), 10)), array[:other]::bigint[],
  'other queues are');
select is(run(format('select faultline.complete_job(%s, 1)', :running)), 'ok', 'a running job can be completed');
select isnt(produce($$select faultline.enqueue('work', queue => 'mail')$$), null, 'a job can be enqueued');
select results_eq($$select paused_note from faultline.queues where queue = 'mail' and paused_at between now() - interval '1 minute' and clock_timestamp()$$,
  $$values ('provider is down')$$, 'since when, and why, is kept');
select results_eq($$select actor = session_user, job_id, attempt, runner, verb, detail from faultline.job_events$$,
  $$values (true, null::bigint, null::int, null::uuid, 'pause', '{"queue": "mail", "note": "provider is down"}'::jsonb)$$,
  'the action is recorded, with who did it');

-- Repeated.
select changes_nothing('faultline_operator', $$select faultline.pause_queue('mail', 'provider is down')$$, '',
  'repeated, it changes nothing');
select changes_nothing('faultline_operator', $$select faultline.pause_queue('mail')$$, '', 'repeated without a note, the note stays');
select paused_at as since from faultline.queues where queue = 'mail' \gset
select operate($$select faultline.pause_queue('mail', 'still down')$$);
select results_eq($$select paused_at, paused_note from faultline.queues where queue = 'mail'$$, format($$values (%L::timestamptz, 'still down')$$, :'since'),
  'with another note the first time stays, and the newest note holds');
select results_eq($$select event_lines('mail')$$,
  $$values ('pause {"note": "provider is down", "queue": "mail"}'), ('pause {"note": "still down", "queue": "mail"}')$$,
  'and that is recorded');

-- What else is set for the queue stays.
select operate($$select faultline.set_queue('limited', '{"max_running": 3}')$$);
select operate($$select faultline.pause_queue(queue => 'limited')$$);
select results_eq($$select max_running, paused_at is not null, paused_note from faultline.queues where queue = 'limited'$$,
  $$values (3, true, null::text)$$, 'the other settings of the queue stay; a note is not needed');

-- Limits.
select lives_ok(format($$select operate($q$select faultline.pause_queue('%s')$q$)$$, repeat('q', 128)), 'a name of 128 characters');
select lives_ok(format($$select operate($q$select faultline.pause_queue('noted', '%s')$q$)$$, repeat('ä', 1000)), 'a note of 1000 characters');
select refused('faultline_operator', format($$select faultline.pause_queue('noted', '%s')$$, repeat('ä', 1001)),
  'FL004', 'the note has 1001 characters', 'At most 1000');
select refused('faultline_operator', format($$select faultline.pause_queue(%L)$$, given),
  'FL004', format('queue %s is not a name', coalesce(quote_literal(left(given, 140)), 'NULL')),
  'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -')
from unnest(array[null, '', 'two words', 'ä', repeat('q', 129), e'line\n', 'semi;colon']) as given;

select * from finish();
