\ir ../../support/prelude.sql
-- A claim skips what others hold, and waits for nobody but the holder of a limited queue's row. Prepared transactions
-- are the others.
select * from no_plan();
set lock_timeout = '1s';
create table public.referring (job_id bigint references faultline.jobs_live);
select queued(n, '{"queue": "q"}') from unnest(array['a', 'b', 'c']) n;
begin; select from faultline.jobs_live where job_id = id('a') for no key update; prepare transaction 'claimer';
begin; insert into public.referring values (id('b')); prepare transaction 'referrer';
select answers($$select name_of(job_id) from faultline.claim_jobs('{q}', runner(1), 10)$$, 'b c', 'what another claim holds is skipped; what a foreign key refers to is not');
rollback prepared 'claimer';
rollback prepared 'referrer';
select answers($$select name_of(job_id) from faultline.claim_jobs('{q}', runner(1), 10)$$, 'a', 'it is free again');

select faultline.set_queue('limited', '{"max_running": 1}') is not null, faultline.set_queue('leased', '{"lease": "1 minute"}') is not null;
select queued('l', '{"queue": "limited"}'), queued('d', '{"queue": "leased"}');
begin; select from faultline.queues where queue = 'leased' for no key update; prepare transaction 'other';
begin; select from faultline.queues where queue = 'limited' for no key update; prepare transaction 'limiter';
select answers($$select name_of(job_id) from faultline.claim_jobs('{leased}', runner(1), 10)$$, 'd', 'a queue without max_running is not locked');
select throws_ok($$select * from faultline.claim_jobs('{limited}', runner(1))$$, '55P03', null, 'a limited one is: its count is exact');
rollback prepared 'limiter';
select answers($$select name_of(job_id) from faultline.claim_jobs('{limited}', runner(1), 10)$$, 'l', 'it is free again');
rollback prepared 'other';
select * from finish();
