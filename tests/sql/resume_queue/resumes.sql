\ir ../../support/operating.sql
select * from no_plan();

select job_in('queued', '{"queue": "mail"}') as waiting \gset
select operate($$select faultline.set_queue('mail', '{"max_attempts": 2}')$$);
select operate($$select faultline.pause_queue('mail', 'provider is down')$$);
select operate($$select faultline.resume_queue('mail')$$);
select results_eq($$select paused_at, paused_note, max_attempts from faultline.queues where queue = 'mail'$$,
  $$values (null::timestamptz, null::text, 2)$$, 'the queue is not paused any more, its note is gone, its other settings stay');
select is((select job_id from faultline.claim_job('mail', gen_random_uuid())), :waiting::bigint, 'its jobs are claimed again');
select results_eq($$select actor = session_user, verb, detail from faultline.job_events order by event_id offset 2$$,
  $$values (true, 'resume', '{"queue": "mail"}'::jsonb)$$, 'the action is recorded, with who did it');

select changes_nothing('faultline_operator', $$select faultline.resume_queue('mail')$$, '', 'repeated, it changes nothing');
select changes_nothing('faultline_operator', $$select faultline.resume_queue('never-heard-of')$$, '',
  'a queue that is not paused: nothing to do');

select operate($$select faultline.pause_queue('mail')$$);
select is((select paused_note from faultline.queues where queue = 'mail'), null, 'a later pause does not inherit the note');

select refused('faultline_operator', format($$select faultline.resume_queue(%L)$$, given),
  'FL004', format('queue %s is not a name', coalesce(quote_literal(given), 'NULL')), 'A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -')
from unnest(array[null, '', 'two words']) as given;

select * from finish();
