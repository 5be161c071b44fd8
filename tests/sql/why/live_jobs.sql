\ir ../../support/operating.sql
select * from no_plan();

-- The sentence, with times as TIME and the age of what just happened as AGE.
create function tap.sentence(id bigint) returns text language sql
as $$
select regexp_replace(regexp_replace(observe(format('select faultline.why(%s) ->> ''why''', id)),
  '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*[+-]\d\d', 'TIME', 'g'), '\m\d\.\d s', 'AGE', 'g')
$$;
create function tap.seen(runner uuid, ago interval) returns void language sql
as $$ update faultline.runners r set last_seen_at = clock_timestamp() - ago where r.runner = seen.runner $$;

-- Nobody serves its queue.
select job_in('queued', '{"queue": "mail"}') as job \gset
select is(sentence(:job), 'nobody serves queue mail: no runner of it was seen within a minute', 'no runner at all');
select faultline.register_runner('11111111-1111-1111-1111-111111111111', 'worker-1', 42, '0.1.0', '{default,other}');
select is(sentence(:job), 'nobody serves queue mail: no runner of it was seen within a minute', 'runners of other queues alone');
select faultline.register_runner('22222222-2222-2222-2222-222222222222', 'worker-2', 43, '0.1.0');
select seen('22222222-2222-2222-2222-222222222222', '61 s');
select is(sentence(:job), 'nobody serves queue mail: no runner of it was seen within a minute', 'a runner of all queues, unseen for more than a minute');
select seen('22222222-2222-2222-2222-222222222222', '30 s');
select is(sentence(:job), 'it is ready and waits for its turn: 0 jobs are before it in queue mail', 'a runner of all queues, seen within a minute');
select faultline.remove_runner('22222222-2222-2222-2222-222222222222');
select faultline.register_runner('33333333-3333-3333-3333-333333333333', 'worker-3', 44, '0.1.0', '{other,mail}');
select is(sentence(:job), 'it is ready and waits for its turn: 0 jobs are before it in queue mail', 'a runner of its queue');

-- Ready: how many are before it. Priority, then ready_at; jobs of other queues and jobs that wait for a time do not count.
select job_in('queued', '{"queue": "mail"}') as second, job_in('queued', '{"queue": "mail", "priority": 3}') as low \gset
select job_in('queued', '{"queue": "default", "priority": 1}') as elsewhere, job_in('queued', '{"queue": "mail", "run_at": "2100-01-01"}') as later \gset
select is(sentence(:second), 'it is ready and waits for its turn: 1 job is before it in queue mail', 'one job is before the second');
select is(sentence(:low), 'it is ready and waits for its turn: 2 jobs are before it in queue mail', 'two are before one of lower priority');
select job_in('queued', '{"queue": "mail", "priority": 1}') as urgent \gset
select is(sentence(:urgent), 'it is ready and waits for its turn: 0 jobs are before it in queue mail', 'none before one of higher priority');
select is(sentence(:job), 'it is ready and waits for its turn: 1 job is before it in queue mail', 'which goes before the first');
select is((faultline.why(:low) -> 'facts' ->> 'ahead')::int, 3, 'the facts have the number');

-- Not before a time.
create function tap.until_2100() returns text language sql as $$ select 'it may not run before TIME, in ' || faultline._ago('2100-01-01'::timestamptz - clock_timestamp()) $$;
select until_2100() as before, sentence(:later) as said, until_2100() as after \gset
select ok(:'said' in (:'before', :'after'), 'run_at lies in the future: ' || :'said');
select job_in('running') as snoozed \gset
select faultline.snooze_job(:snoozed, 1, '90 minutes');
select matches(sentence(:snoozed), '^it may not run before TIME, in 1 h (29|30) min$', 'it was put off, uncharged');

-- Waiting for a retry.
select job_in('running', '{"max_attempts": 5}') as retried \gset
select faultline.fail_job(:retried, 1, '{"type": "ConnectionError", "message": "refused"}', retry_in => '90 minutes');
select matches(sentence(:retried), '^it waits 1 h (29|30) min for retry 2 of 5 since ConnectionError: refused$', 'it failed once');
update faultline.jobs_live set ready_at = clock_timestamp() where job_id = :retried;
select faultline.fail_job(c.job_id, c.attempt, '{}', retry_in => '2 hours') from faultline.claim_job('default', gen_random_uuid(), 1000) c where c.job_id = :retried \g /dev/null
select matches(sentence(:retried), '^it waits (2 h 0 min|1 h 59 min) for retry 3 of 5$', 'it failed twice, the last time without a word');
select job_in('running') as expired \gset
update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '1 s' where job_id = :expired;
update faultline.settings set backoff = '{"kind": "fixed", "delay": "90 min", "max_delay": "2 h", "jitter": 0}';
select faultline.reap_expired() \g /dev/null
select matches(sentence(:expired), '^it waits 1 h (29|30) min for retry 2 of 5 since LeaseExpired: runner 11111111-1111-1111-1111-111111111111 did not report or beat before TIME$', 'its runner was lost');
select faultline.cancel_job(:expired) \g /dev/null

-- A limit.
select job_in('running', '{"queue": "narrow"}') as first, job_in('queued', '{"queue": "narrow"}') as waiting \gset
select faultline.set_queue('narrow', '{"max_running": 1}') \g /dev/null
select is(sentence(:waiting), 'queue narrow runs as many jobs as it may at once: 1', 'the limit of its queue is reached');
select faultline.register_runner('22222222-2222-2222-2222-222222222222', 'worker-2', 43, '0.1.0');
select faultline.set_queue('narrow', '{"max_running": 2}') \g /dev/null
select is(sentence(:waiting), 'it is ready and waits for its turn: 0 jobs are before it in queue narrow', 'below the limit it is ready');

-- Paused: before all other reasons of a queued job.
select faultline.pause_queue('mail');
select is(sentence(:job), 'queue mail has been paused for AGE', 'a paused queue, without a note');
update faultline.queues set paused_at = clock_timestamp() - interval '2 days 3 h 4 min' where queue = 'mail';
select faultline.pause_queue('mail', e'provider\nis down');
select is(sentence(id), 'queue mail has been paused for 2 days 3 h: provider is down', what)
from (values (:job, 'a paused queue with a note'), (:later, 'also for a job that may not run yet')) v (id, what);

-- Running.
select job_in('running', '{"queue": "running"}') as held \gset
select is(sentence(:held), 'runner 11111111-1111-1111-1111-111111111111 (pid 42 on worker-1) holds it until TIME', 'a runner holds it');
select faultline.cancel_job(:held) \g /dev/null
select is(sentence(:held), 'runner 11111111-1111-1111-1111-111111111111 (pid 42 on worker-1) holds it until TIME, and has been asked to cancel it',
  'and has been asked to cancel it');
select faultline.remove_runner('11111111-1111-1111-1111-111111111111');
select is(sentence(:held), 'runner 11111111-1111-1111-1111-111111111111 holds it until TIME, and has been asked to cancel it', 'a runner that nobody knows');
update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '75 min 20 s' where job_id = :held;
select is(sentence(:held), 'the lease of runner 11111111-1111-1111-1111-111111111111 expired 1 h 15 min ago, and no runner has taken it back yet', 'its lease has expired');
select faultline.pause_queue('running');
select is(sentence(:held), 'the lease of runner 11111111-1111-1111-1111-111111111111 expired 1 h 15 min ago, and no runner has taken it back yet',
  'a paused queue is no reason for what runs already');

-- Dead letters.
select job_in('failed') as dead, job_in('running', '{"max_attempts": 1}') as silent \gset
select is(sentence(:dead), 'it is a dead letter: 1 of 5 attempts failed, the last with ValueError: broken; retry_job or discard_job decides', 'a dead letter');
select faultline.fail_job(:silent, 1, '{}') \g /dev/null
select is(sentence(:silent), 'it is a dead letter: 1 of 1 attempts failed; retry_job or discard_job decides', 'one without a word');

-- The facts.
select is(observe(format('select faultline.why(%s)', :held))::jsonb #- '{facts,run_at}' #- '{facts,lease_expires_at}' #- '{facts,cancel_requested_at}' #- '{why}',
  format('{"job_id": %s, "state": "running", "facts": {"type": "work", "queue": "running", "priority": 2, "attempt": 1, "failures": 0, "max_attempts": 5, "queue_paused": true, "queue_running": 1, "queue_served": true, "runner": "11111111-1111-1111-1111-111111111111"}}', :held)::jsonb,
  'the facts of a running job: what is NULL is left out');
select is(faultline.why(:held) -> 'facts' -> 'lease_expires_at', to_jsonb(lease_expires_at), 'with the deadline') from faultline.jobs where job_id = :held;
select faultline.set_queue('running', '{"max_running": 9}') \g /dev/null
select faultline.register_runner('11111111-1111-1111-1111-111111111111', 'worker-1', 42, '0.1.0');
select is((faultline.why(:held) -> 'facts') - '{run_at,lease_expires_at,cancel_requested_at,runner_seen_at}'::text[]
  @> '{"queue_max_running": 9, "runner_host": "worker-1", "runner_pid": 42}', true, 'with the limit and the runner, where there are');
select is(faultline.why(:dead) -> 'facts' -> 'error', '{"type": "ValueError", "message": "broken"}'::jsonb, 'with the error');

-- It only looks.
select changes_nothing('faultline_observer', format('select faultline.why(%s) ->> ''state''', :dead), 'failed', 'why changes nothing');

select refused('faultline_observer', 'select faultline.why(424242)', 'FL005', 'there is no job 424242', 'It was never enqueued, or it finished so long ago that retention removed it.');
select refused('faultline_observer', 'select faultline.why(null)', 'FL005', 'there is no job NULL');

select * from finish();
