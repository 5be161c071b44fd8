\ir ../../support/operating.sql
select * from no_plan();

-- What a session has set for itself changes nothing in what the functions do.
create function tap.life(name text) returns text language plpgsql
as $$
declare
  id bigint;
  job record;
  token text;
  queue_ constant text := 'q-' || md5(name);
begin
  id := faultline.enqueue('t', '{"n": 1.0}', queue => queue_, run_at => clock_timestamp() - interval '1 h', backoff => '{"kind": "fixed", "delay": "50m 30s", "jitter": 0}',
                          timeout => '90 s', idempotency_key => 'k', idempotency_ttl => '1 day 2 hours');
  assert id = faultline.enqueue('t', '{"n": 1}', queue => queue_, idempotency_key => 'k'), 'the key';
  perform faultline.enqueue_many(jsonb_build_array(jsonb_build_object('type', 't', 'queue', queue_, 'run_at', clock_timestamp() + interval '1 h', 'timeout', '1:30:00')));
  assert (select run_at between clock_timestamp() + interval '59 min' and clock_timestamp() + interval '61 min' from faultline.jobs where queue = queue_ and job_id <> id), 'run_at in JSON';
  assert faultline.next_ready(array[queue_]) between interval '59 min' and interval '1 h', 'next_ready';
  perform faultline.set_queue(queue_, '{"lease": "2 minutes", "max_running": 5}');
  select * into strict job from faultline.claim_job(queue_, '11111111-1111-1111-1111-111111111111', 10, floor => current_setting('test.token'));
  assert job.job_id = id and job.timeout = interval '90 s' and job.lease_expires_at - job.started_at = interval '2 minutes', 'the claim';
  perform faultline.heartbeat('11111111-1111-1111-1111-111111111111', array[id], '{1}', '3 minutes');
  perform faultline.fail_job(id, 1, '{"type": "E"}');
  assert (select run_at between clock_timestamp() + interval '50 min' and clock_timestamp() + interval '51 min' from faultline.jobs where job_id = id), 'the backoff';
  assert faultline.why(id) ->> 'why' like 'it waits 50 min % s for retry 2 of 5 since E', faultline.why(id) ->> 'why';
  assert (faultline.job_status(id) ->> 'run_at')::timestamptz = (select run_at from faultline.jobs where job_id = id), 'job_status';
  update faultline.jobs_live set ready_at = clock_timestamp() where job_id = id;
  perform faultline.claim_job(queue_, '11111111-1111-1111-1111-111111111111', 10);
  update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = id;
  perform faultline.reap_expired(floor => current_setting('test.token'));
  perform faultline.cancel_job(id);
  id := faultline.submit_transaction(queue_, 't', '{"n": 1.50}', queue_, clock_timestamp() - interval '1 h', 2, null, '{"kind": "fixed", "delay": "50m 30s"}', '90 s');
  assert id = faultline.submit_transaction(queue_, 't', '{"n": 1.5}', queue_), 'submit_transaction';
  perform faultline.claim_job(queue_, '11111111-1111-1111-1111-111111111111', 10);
  perform faultline.apply_and_complete(id, 1, queue_, '{}', '[{"account": "a", "amount": "-0.10", "currency": "EUR"}, {"account": "b", "amount": 1e-1, "currency": "EUR"}]');
  assert (select count(*) from faultline.reconcile(floor => current_setting('test.token'))) = 1, 'reconcile';
  assert (faultline.transaction_status(queue_) ->> 'settled_at')::timestamptz = (select settled_at from faultline.transaction_log where transaction_id = queue_), 'transaction_status';
  assert faultline.account_balance('a') = (select -0.1 * count(*) from faultline.transaction_log where state = 'RECONCILED'), 'account_balance';
  assert (select value > 0 from faultline.metrics(current_setting('test.token')) m where m.name = 'faultline_queue_depth' and labels ->> 'queue' = queue_ and labels ->> 'state' = 'queued'), 'metrics';
  assert faultline.put_schedule(jsonb_build_object('name', queue_, 'cron', '30 2 * * *', 'timezone', 'Europe/Berlin', 'type', 't', 'missed', 'all', 'jitter', '1:30:00', 'starts_at', '2026-02-01T00:00:00+01:00')) = 1, 'put_schedule';
  assert (faultline.fire_schedule(queue_, '2026-03-29 01:00:00Z', 1, true)).created, 'fire_schedule';
  assert (select f.outcome from faultline.fire_schedules(jsonb_build_array(jsonb_build_object('schedule', queue_, 'version', 1, 'tick_at', '2026-03-29T01:00:00Z', 'after', now()))) f) = 'repeat', 'fire_schedules';
  assert (select c.schedules @> jsonb_build_array(jsonb_build_object('schedule', queue_, 'starts_at', '2026-01-31T23:00:00Z', 'missed_window', 86400)) from faultline.schedule_changes() c), 'schedule_changes';
  assert (select o.utc_offset = interval '1 hour' from faultline.zone_offsets('Europe/Berlin', '2026-01-01Z', '2026-01-02Z') o), 'zone_offsets';
  assert (select count(*) from faultline.verify()) = 0, 'verify';
  return 'lived';
end
$$;
create function tap.drop_a_day() returns void language plpgsql
as $$ begin execute format('drop table faultline.jobs_done_%s', to_char((now() at time zone 'UTC')::date + 3, 'YYYYMMDD')); end $$;

create table tap.styles as
select format('timezone = %s, datestyle = %s, intervalstyle = %s', zone, date_style, interval_style) as name, *
from unnest(array['UTC', 'America/St_Johns', 'Pacific/Kiritimati', 'Asia/Kathmandu']) zone, unnest(array['ISO, MDY', 'German', 'SQL, DMY', 'Postgres, YMD']) date_style,
  unnest(array['postgres', 'iso_8601', 'sql_standard', 'postgres_verbose']) interval_style
where (zone, date_style, interval_style) = ('UTC', 'ISO, MDY', 'postgres') or zone <> 'UTC' and (date_style <> 'ISO, MDY') = (interval_style <> 'postgres');

-- Each combination reads the token that the one before it made: four calls, so that each is proven.
select set_config('test.token', '', false) \g /dev/null
select format($$
  set timezone = %L; set datestyle = %L; set intervalstyle = %L; set extra_float_digits = -5; set statement_timeout = '20s';
  select set_config('test.token', faultline.advance_floor(array['q-' || md5(%L)], nullif(current_setting('test.token'), '')), false) is null;
  select tap.drop_a_day();
  select tap.is(faultline.maintain() ->> 'created', '1', 'maintain: ' || %L);
  select tap.is(tap.life(%L), 'lived', %L);
$$, zone, date_style, interval_style, name, name, name, name)
from tap.styles \gexec
select ok(count(*) > 25, 'so many combinations') from tap.styles;
select ok(current_setting('test.token')::jsonb ? 'queues', 'the token was proven on the way');
reset datestyle; reset timezone; reset intervalstyle;
select results_eq($$select count(*) from faultline.jobs_done_default$$, 'values (0::bigint)', 'no row fell into the net');

select * from finish();
