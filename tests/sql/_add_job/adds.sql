\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- One job, known to be new, with all that was given.
select is(faultline._add_job(4242, 't', '{"name": "a"}', 'q', '2100-01-01Z', 3, 7, 'k', '{"delay": "5s"}', '90 s', '{x}', '{"h": 1}', 'pay-1', null, null), 4242::bigint, 'its id, of a job for later');
select is(faultline._add_job(4243, 't', '{}', 'q', null, 3, 7, null, null, null, '{}', null, null, null, null), 4243::bigint, 'and of one for now');
select is((a.job_id, a.type, a.payload, a.queue, a.ready_at, a.priority, a.max_attempts, a.idempotency_key, a.backoff, a.timeout, a.tags, a.headers, a.transaction_id, a.state, a.attempt, a.failures),
  (4242::bigint, 't'::text, '{"name": "a"}'::jsonb, 'q'::text, '2100-01-01Z'::timestamptz, 3::smallint, 7, 'k'::text, '{"delay": "5s"}'::jsonb, '90 s'::interval, '{x}'::text[], '{"h": 1}'::jsonb, 'pay-1'::text, 'queued'::text, 0, 0), 'as it was given') from live('a') a;
-- A large payload stands apart from the row; the bell rings all the same.
select is(faultline._add_job(4244, 't', large('large') -> 'payload', 'q', null, 3, 7, null, null, null, '{}', null, null, null, null), 4244::bigint, 'its id, of a large one');
select results_eq('select l.payload, p.payload from faultline.jobs_live l join faultline.payloads p using (job_id) where job_id = 4244', $$values (null::jsonb, large('large') -> 'payload')$$, 'its payload, apart');
select is((select count(*) from faultline.payloads), 1::bigint, 'of that alone');
-- max_attempts: the call's, else the queue's, else the settings'; ready_at is never in the past.
create function tap.added(name text, queue text, run_at timestamptz default null) returns faultline.jobs_live language plpgsql as $$
begin
  perform faultline._add_job(nextval('faultline.jobs_live_job_id_seq'), 't', jsonb_build_object('name', added.name), added.queue, added.run_at, 2, null, null, null, null, '{}', null, null, null, null);
  return live(added.name);
end
$$;
select faultline.set_queue('few', '{"max_attempts": 2}') is not null;
select is((added('b', 'few')).max_attempts, 2, 'as the queue says');
select is((added('c', 'q')).max_attempts, 5, 'else as the settings say');
select clock_timestamp() as before \gset
select ok((added('d', 'q', '2001-01-01Z')).ready_at between :'before' and clock_timestamp(), 'a run_at in the past is now');
select ok((added('e', 'q')).ready_at between :'before' and clock_timestamp(), 'none is now, by the clock');
select throws_ok($$select faultline._add_job(4242, 't', '{}', 'q', null, 2, 5, null, null, null, '{}', null, null, null, null)$$, '23505', null, 'an id is used once');

select * from finish();
rollback;
