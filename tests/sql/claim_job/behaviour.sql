\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- claim_jobs for one queue: everything is passed on.
select queued('a' || n, '{"queue": "q"}') from generate_series(1, 4) n;
select answers($$select name_of(job_id), attempt, queue, lease_expires_at - started_at from faultline.claim_job('q', runner(1))$$, 'a1,1,q,00:00:30', 'one job by default, for the default lease');
select answers($$select name_of(job_id), lease_expires_at - started_at from faultline.claim_job('q', runner(2), 2, '1 minute')$$, 'a2,00:01:00 a3,00:01:00', 'batch and lease');
select is((live('a2')).lease_owner, runner(2), 'for this runner');
select is_empty($$select * from faultline.claim_job('q', runner(1), floor => jsonb_build_object('read_at', clock_timestamp(),
                  'queues', jsonb_build_object('q', array[null, clock_timestamp(), null, null]))::text)$$, 'floor');
select answers($$select name_of(job_id) from faultline.claim_job('q', runner(1), null, null, null)$$, 'a4', 'NULLs are the defaults');
select faultline.enqueue('t', '{"name": "d"}');
select answers($$select name_of(job_id) from faultline.claim_job(null, runner(1))$$, 'd', 'a queue that is NULL is the default queue, as in enqueue');
select refuses($$select * from faultline.claim_job('q', null)$$, 'FL004', 'runner is NULL', 'no runner');
select refuses($$select * from faultline.claim_job('def ault', runner(1))$$, 'FL004', 'queue ''def ault'' is not a name', 'a queue that can''t be');
select refuses($$select * from faultline.claim_job('q', runner(1), 0)$$, 'FL004', 'batch 0 is out of bounds', 'batch 0');
select refuses($$select * from faultline.claim_job('q', runner(1), 10001)$$, 'FL004', 'batch 10001 is out of bounds', 'batch 10 001');
select refuses($$select * from faultline.claim_job('q', runner(1), 1, '0.999 s')$$, 'FL004', 'lease 00:00:00.999 is out of bounds', 'a lease of 999 ms');
select queued('r');
set local role faultline_runner;
select answers($$select attempt from faultline.claim_job('r', '00000000-0000-4000-8000-000000000001', '1', '5 s', null)$$, '1', 'faultline_runner may; untyped literals do');
reset role;

select * from finish();
rollback;
