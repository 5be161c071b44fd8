\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- The job a key stands for; NULL after the key was made to stand for the new one. It looks in a loop, which ends.
set local statement_timeout = '10s';
-- Keys that have only the queue or only the name in common, and are expired too, are none of its business.
insert into faultline.idempotency_keys
select queue, key, 1000, 0, now() - interval '2 days', now() - interval '1 day' from (values ('q', 'other'), ('other', 'k')) v (queue, key);

select is(faultline._keyed_job('q', 'k', null, 't', '{"a": 1}', 7), null, 'a free key is taken: NULL');
select is((queue, key, job_id, expires_at - created_at), ('q'::text, 'k'::text, 7::bigint, interval '7 days'), 'for seven days')
from faultline.idempotency_keys where job_id = 7;
select ok(created_at > now() and created_at <= clock_timestamp(), 'from now on, by the clock') from faultline.idempotency_keys where job_id = 7;
select queued('q7');
update faultline.idempotency_keys set job_id = id('q7') where job_id = 7;
select repeats($$select faultline._keyed_job('q', 'k', '1 hour', 't', '{"a": 1.0}', 8) = id('q7')$$, 't', 'the same arguments: its job');
select refuses($$select faultline._keyed_job('q', 'k', null, 't', '{"a": 2}', 8)$$, 'FL002',
               format('idempotency key ''k'' of queue q stands for job %s, which has another type or payload', id('q7')), 'others: FL002');
update faultline.idempotency_keys set expires_at = clock_timestamp() where job_id = id('q7');
select repeats($$select faultline._keyed_job('q', 'k', null, 't', '{"a": 1}', 8) = id('q7')$$, 't', 'expired, but its job lives');
delete from faultline.jobs_live;
select is(faultline._keyed_job('q', 'k', '1 hour', 'other', '{}', 9), null, 'expired, and its job is over: taken');
select is((job_id, expires_at - created_at), (9::bigint, interval '1 hour'), 'by the new job, for the ttl given') from faultline.idempotency_keys where (queue, key) = ('q', 'k');
select refuses($$select faultline._keyed_job('q', 'k', null, 't', '{"a": 1}', 8)$$, 'FL002',
               'idempotency key ''k'' of queue q stands for job 9, which has another type or payload', 'a job that is over, its key not yet expired: compared');
select is((select count(*) from faultline.idempotency_keys where job_id = 1000), 2::bigint, 'the other keys are untouched');

-- A name is a key of its queue alone, whoever has it elsewhere.
insert into faultline.idempotency_keys
select queue, key, 9, 0, now() - interval '2 days', now() - interval '1 day' from (values ('q', 'namesake'), ('elsewhere', 'k')) v (queue, key);
update faultline.idempotency_keys set expires_at = clock_timestamp() where (queue, key) = ('q', 'k');
select is(faultline._keyed_job('q', 'k', null, 't', '{}', 10), null, 'expired again, its job is still over: taken');
select is(array(select queue || ' ' || key from faultline.idempotency_keys where job_id = 9 order by 1), '{elsewhere k,q namesake}', 'and no other key of that job');

-- Forgotten by maintain in the moment between the try to take it and the look at it: it is free, and is taken.
create function pg_temp.forget() returns trigger language plpgsql as $$
begin
  delete from faultline.idempotency_keys where key = 'forgotten' and job_id = 11;
  return null;
end
$$;
select faultline._keyed_job('q', 'forgotten', null, 't', '{}', 11);
create trigger forget after insert on faultline.idempotency_keys for each statement execute function pg_temp.forget();
select is(faultline._keyed_job('q', 'forgotten', null, 't', '{}', 12), null, 'a key that is gone at the second look: taken');
select is((select job_id from faultline.idempotency_keys where key = 'forgotten'), 12::bigint, 'by the new job');

select * from finish();
rollback;
