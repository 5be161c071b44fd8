\ir ../../support/ledger.sql
begin;
select * from no_plan();

select at_work('a'), applied('applied'), at_work('completed'), job_ends('completed', 'succeeded'), at_work('failed'), job_ends('failed', 'failed');
select is(faultline._lock_attempt(id('a'), 1), live('a'), 'the job of a running attempt');
select is(faultline._lock_attempt(id('applied'), 1), live('applied'), 'with an entry too');
select is((faultline._lock_attempt(id('completed'), 1)).job_id, null, 'none for an attempt that has completed its job');
select job_ends('applied', 'queued'), claimed('applied', 2);
select refuses($$select faultline._lock_attempt(id('failed'), 1)$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is failed at attempt 1', id('failed')), 'a stale one is refused');
select is((faultline._lock_attempt(id('applied'), 1)).job_id, null, 'one that has written its entry has repeated itself');
select is((faultline._lock_attempt(id('applied'), 2)).attempt, 2, 'the next one has the job');
select refuses('select faultline._lock_attempt(424242, 1)', 'FL005', 'there is no job 424242', 'no such job');
select refuses('select faultline._lock_attempt(null, 1)', 'FL004', 'job_id is NULL and attempt is 1', 'half a fence');

select * from finish();
rollback;
