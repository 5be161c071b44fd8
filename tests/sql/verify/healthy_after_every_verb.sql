\ir ../../support/ledger.sql
select * from no_plan();

-- A database in which every verb was used as it is meant to be gives no row: a check that cries wolf is worth nothing.
\set mine '''11111111-1111-1111-1111-111111111111'''
select healthy('a new database');

-- Every way an attempt can end, and again after it.
select job_in('running') as completed, job_in('running') as failed, job_in('running') as dead, job_in('running') as expired,
  job_in('running') as released, job_in('running') as snoozed, job_in('running') as unknown, job_in('queued') as cancelled \gset
select faultline.complete_job(:completed, 1), faultline.complete_job(:completed, 1), faultline.fail_job(:failed, 1, '{}'), faultline.fail_job(:failed, 1, '{}'),
  faultline.fail_job(:dead, 1, '{}', false), faultline.release_job(:released, 1, '1 s'), faultline.snooze_job(:snoozed, 1, '1 s'), faultline.cancel_job(:cancelled) \g /dev/null
update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = :expired;
select faultline.reap_expired(), faultline.release_unknown(:mine, array[]::bigint[]) \g /dev/null
select results_eq('select state from faultline.jobs order by job_id',
  $$values ('succeeded'), ('queued'), ('failed'), ('queued'), ('queued'), ('queued'), ('queued'), ('cancelled')$$, 'every job is where its verb leads');
select healthy('completed, failed, expired, released, put off, given back, cancelled; reported twice');
update faultline.jobs_live set ready_at = clock_timestamp();
select run('select count(*) from faultline.claim_job(''default'', ''11111111-1111-1111-1111-111111111111'', 100)') as again \gset
select is(:'again'::text, '5', 'all that is queued runs again');
select healthy('second attempts');
select count(*) from faultline.complete_jobs((select array_agg(job_id) from faultline.jobs where state = 'running'), (select array_agg(attempt) from faultline.jobs where state = 'running')) \g /dev/null
select healthy('which succeed');

-- Refused reports, however they come.
do $$
begin
  perform faultline.complete_job(c.job_id, 1) from faultline.jobs c where c.attempt = 2 limit 1;
exception when sqlstate 'FL001' then null;
end
$$;
select faultline.report_stale(:failed, 1, 'complete'), faultline.report_stale(:failed, 1, 'complete') \g /dev/null
select count(*) from faultline.complete_jobs(array[:released, 424242], '{1,1}') \g /dev/null
select count(*) from faultline.heartbeat(:mine, array[:snoozed]::bigint[], '{1}') \g /dev/null
select isnt_empty($$select from faultline.job_events where verb = 'stale'$$, 'refusals are recorded');
select healthy('refused reports, also of a job that never was');

-- A dead letter that is retried, dies again, is retried, and discarded in the end; the number of attempts is used up each time.
select job_in('running', '{"max_attempts": 2}') as tough \gset
do $$
declare
  job record;
begin
  for round in 1..3 loop
    for failure in 1..2 loop
      if round > 1 or failure > 1 then
        perform from faultline.claim_job('default', gen_random_uuid(), 10);
      end if;
      select j.job_id, j.attempt into strict job from faultline.jobs j where j.state = 'running';
      if failure = 1 then
        perform faultline.fail_job(job.job_id, job.attempt, '{}', retry_in => '0');
      else
        update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = job.job_id;
        perform faultline.reap_expired();
      end if;
    end loop;
    assert (select state from faultline.jobs where job_id = job.job_id) = 'failed';
    assert (select count(*) from tap.violations()) = 0;
    if round < 3 then
      perform faultline.retry_job(job.job_id), faultline.retry_job(job.job_id);
    else
      perform faultline.discard_job(job.job_id), faultline.discard_job(job.job_id);
    end if;
  end loop;
end
$$;
select healthy('a dead letter retried twice, and discarded');

-- Cancelled while it runs, whatever its handler does.
select job_in('running') as c1, job_in('running') as c2, job_in('running') as c3, job_in('running') as c4, job_in('running') as c5, job_in('running') as c6 \gset
select faultline.cancel_job(id), faultline.cancel_job(id) from unnest(array[:c1, :c2, :c3, :c4, :c5, :c6]) id \g /dev/null
select healthy('asked to cancel');
select faultline.cancelled(:c1, 1), faultline.fail_job(:c2, 1, '{}'), faultline.release_job(:c3, 1), faultline.snooze_job(:c4, 1, '1 s'), faultline.complete_job(:c5, 1) \g /dev/null
update faultline.jobs_live set lease_expires_at = clock_timestamp() where job_id = :c6;
select faultline.reap_expired() \g /dev/null
select healthy('cancelled, failed, released, put off, completed, expired after that');

-- Keys: repeated, expired and used again, of dead letters.
select job_in('succeeded', '{"idempotency_key": "k"}'), job_in('failed', '{"idempotency_key": "dead"}'), faultline.enqueue('work', idempotency_key => 'dead') \g /dev/null
update faultline.idempotency_keys set expires_at = clock_timestamp();
select faultline.enqueue('other', '{"a": 1}', idempotency_key => 'k') as second \gset
select results_eq($$select key, job_id from faultline.idempotency_keys where key = 'k'$$, format($$values ('k', %s::bigint)$$, :second), 'an expired key stands for new work');
select healthy('keys');
select faultline.discard_job(job_id) from faultline.jobs where idempotency_key = 'dead' \g /dev/null
select faultline.maintain() \g /dev/null
select healthy('the key of a discarded dead letter is forgotten');

-- Settings, queues and runners.
select faultline.set_queue('mail', '{"max_running": 1, "lease": "24 hours", "max_attempts": 1, "backoff": {"delay": "366 days", "max_delay": "366 days"}}'), faultline.pause_queue('mail'),
  faultline.resume_queue('mail'), faultline.set_settings('{"retention": "1 day", "event_retention": "1 day"}'), faultline.register_runner(:mine, 'h', 1, 'v') \g /dev/null
select job_in('running', '{"queue": "mail"}') as long \gset
select healthy('extreme settings');
select faultline.fail_job(:long, 1, '{}', retry_in => '366 days') \g /dev/null
select count(*) from faultline.enqueue_many('[{"type": "t", "run_at": "2400-01-01"}, {"type": "t", "idempotency_key": "m"}, {"type": "t", "idempotency_key": "m"}]') \g /dev/null
select count(*) from faultline.enqueue_bulk('t', '[{}, {"n": 1}]', run_at => '2400-01-01') \g /dev/null
select healthy('a retry far away, jobs of the far future');

-- The ledger: submitted, applied, completed, repeated; the job ends in every way, with an entry and without, and with an
-- effect in every state.
create table tap.ways as select how from unnest(array['queued', 'running', 'failed', 'succeeded', 'cancelled', 'discarded']) how;
select submitted('waits'), submitted('waits') \g /dev/null
select applied('entered ' || how, 'bank -5 EUR', 'alice 5 EUR'), job_ends('entered ' || how, how) from tap.ways \g /dev/null
select at_work('bare ' || how), job_ends('bare ' || how, how) from tap.ways \g /dev/null
select at_work(s || ' ' || how), outside(s || ' ' || how, s), job_ends(s || ' ' || how, how) from tap.ways, unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) s \g /dev/null
select healthy('transactions whose jobs have ended in every way');
select is((select count(*) from faultline.reconcile()), 5 + 3 * 4::bigint, 'those that can be settled are');
select healthy('reconciled');
select is((select count(*) from faultline.reconcile()), 0::bigint, 'there are no more');
select moved('m1', 'alice -3 EUR', 'bob 3 EUR'), applied('late', 'bob -1 EUR', 'carol 1 EUR'), expired('late'), faultline.reap_expired(), claimed('late', 2) \g /dev/null
select faultline.set_account('bob', 'EUR', 1), faultline.set_account('alice', 'EUR', 0), faultline.set_account('alice', 'EUR', null), faultline.set_account('dora', 'USD', -7) \g /dev/null
select healthy('an entry of an attempt that was lost, accounts with floors');
select faultline.apply_and_complete(id('late'), 2, 'late', '{}') \g /dev/null
select healthy('the next attempt has completed the job with it');
select faultline.maintain(), faultline.maintain() \g /dev/null
select faultline.maintain() \g /dev/null
select ok(count(*) > 2, 'balances have checkpoints') from faultline.account_checkpoints;
select moved('m2', 'alice -1 EUR', 'bob 1 EUR'), moved('m3', 'x -1 USD', 'y 1 USD') \g /dev/null
select healthy('added up, and posted after that');
-- What the outside answers.
select count(*) from faultline.effects_to_ask() \g /dev/null
select healthy('somebody asks');
select faultline.answer_effect('SENT succeeded', 'charge', 'APPLIED'), faultline.answer_effect('SENT cancelled', 'charge', 'ABSENT'), faultline.answer_effect('SENT discarded', 'charge', 'UNKNOWN') \g /dev/null
select is(stands('SENT ' || how), s, 'answered: ' || how) from (values ('succeeded', 'RECONCILED succeeded charge=APPLIED'), ('cancelled', 'FAILED cancelled charge=ABSENT'), ('discarded', 'INIT discarded charge=SENT asked for')) v (how, s);
select healthy('answered: it has happened, it has not, nobody knows');
select claimed('SENT queued'), faultline.begin_effect(id('SENT queued'), 2, 'SENT queued', 'charge', '{"amount": 5}'), faultline.effect_sent(id('SENT queued'), 2, 'SENT queued', 'charge'),
  faultline.settle_effect(id('SENT queued'), 2, 'SENT queued', 'charge', 'UNKNOWN'), faultline.settle_effect(id('SENT queued'), 2, 'SENT queued', 'charge', 'ABSENT') \g /dev/null
select healthy('sent again by a second attempt');
-- Burnt by an operator's word, whatever the job is doing.
select faultline.fail_transaction('bare ' || how, 'r'), faultline.fail_transaction('bare ' || how, 'r') from unnest(array['queued', 'running', 'failed']) how \g /dev/null
select healthy('failed by an operator''s word');
select faultline.cancelled(id('bare running'), 1) \g /dev/null
select healthy('and its handler has stopped');
-- A dead letter that is retried, and applies; a job of enqueue that applies; a duplicate that is completed with its entry.
select faultline.retry_job(id('INIT failed')), claimed('INIT failed'), faultline.apply_and_complete(id('INIT failed'), 2, 'INIT failed', '{}') \g /dev/null
select running('plain'), faultline.apply_and_complete(id('plain'), 1, 'its own', '{}') \g /dev/null
select faultline.enqueue('t', '{"name": "plain"}', 'dup') as dup \gset
select count(*) from faultline.claim_job('dup', runner(1)) \g /dev/null
select faultline.apply_and_complete(:dup, 1, 'its own', '{}') \g /dev/null
select healthy('retried and applied; without a submission; by a duplicate');
-- A job that never was: a restore that brought the ledger alone.
select submitted('restored'), submitted('restored with its entry') \g /dev/null
insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) select 'restored with its entry', id('restored with its entry'), 1, '{}', now();
delete from faultline.jobs_live where transaction_id like 'restored%';
select healthy('restored a moment ago');
select is(reconciled(), 'INIT failed APPLIED→RECONCILED, its own APPLIED→RECONCILED, late APPLIED→RECONCILED, m1 APPLIED→RECONCILED, m2 APPLIED→RECONCILED, m3 APPLIED→RECONCILED, restored INIT→INIT, restored with its entry INIT→RECONCILED',
  'a pass brings back what never was');
select healthy('and makes it whole');
select claimed('restored'), faultline.apply_and_complete(id('restored'), 1, 'restored', '{}') \g /dev/null
select healthy('applied at last');

-- Time passes, retention takes what is old; live jobs of old outlive their events.
select job_in('failed', '{"max_attempts": 3}') as old \gset
set session_replication_role = replica;
update faultline.jobs_live set created_at = created_at - interval '10 days', started_at = started_at - interval '10 days', finished_at = finished_at - interval '10 days';
create table tap.old_done as select * from faultline.jobs_done;
create table tap.old_events as select * from faultline.job_events;
update tap.old_done set finished_at = finished_at - interval '10 days', created_at = created_at - interval '10 days';
update tap.old_events set at = at - interval '10 days';
delete from faultline.jobs_done;
delete from faultline.job_events;
insert into faultline.jobs_done select * from tap.old_done;
insert into faultline.job_events overriding system value select * from tap.old_events;
update faultline.idempotency_keys set created_at = created_at - interval '10 days';
update faultline.transactions set created_at = created_at - interval '10 days', settled_at = settled_at - interval '10 days';
update faultline.effects set created_at = created_at - interval '10 days', sent_at = sent_at - interval '10 days', settled_at = settled_at - interval '10 days',
  unknown_since = unknown_since - interval '10 days', ask_at = ask_at - interval '10 days';
update faultline.ledger_entries set applied_at = applied_at - interval '10 days';
set session_replication_role = origin;
select faultline.maintain() \g /dev/null
select faultline.maintain() \g /dev/null
select is_empty('select from faultline.jobs_done union all select from faultline.job_events', 'history is gone');
select healthy('retention took the history of live jobs, and the jobs of old transactions');
select is(reconciled(), 'restored APPLIED→RECONCILED', 'reconcile makes none of them again');
select healthy('all of it is as it was');
select faultline.retry_job(:old) \g /dev/null
select healthy('one of them is retried');
select count(*) from faultline.claim_job('default', gen_random_uuid(), 100) \g /dev/null
select faultline.fail_job(job_id, attempt, '{}') from faultline.jobs where state = 'running' \g /dev/null
select healthy('and fails again');
select faultline.set_settings('{"retention": null, "event_retention": null}') \g /dev/null
select healthy('retention is longer from now on');

select * from finish();
