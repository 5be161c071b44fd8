\ir ../../support/operating.sql
select * from no_plan();

-- Payloads that stand apart go with the day of their job: up to 5 000 a call, and before the day is emptied.
select faultline.set_settings('{"retention": "7 days"}') \g /dev/null
create table tap.old (job_id bigint, days int);
insert into tap.old select nextval('faultline.jobs_live_job_id_seq'), d from generate_series(1, 4999) n, unnest(array[10]) d;
insert into tap.old select nextval('faultline.jobs_live_job_id_seq'), d from generate_series(1, 2) n, unnest(array[9, 8, 5]) d;
insert into faultline.payloads select job_id, '{"is": "large"}' from tap.old;
insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
select job_id, now() - days * interval '1 day', now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', null::jsonb, '{}'::text[] from tap.old
union all
select nextval('faultline.jobs_live_job_id_seq'), now() - interval '10 days', now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', '{"is": "small"}', '{}';
-- Those of jobs that are not over stay, however old they are.
select faultline.enqueue('t', large('live') -> 'payload', 'live') as live \gset
select faultline.set_settings('{"retention": null}') \g /dev/null
select faultline.maintain() ->> 'moved' as moved \gset
select is(:moved, 5006, 'history of ten days');
select healthy('all of it is there');
create function tap.kept() returns text language sql as $$
select coalesce(string_agg(format('%s of %s days', k.n, k.days), ', ' order by k.days desc), 'none')
from (select o.days, count(*) as n from tap.old o join faultline.payloads p using (job_id) group by o.days) k
$$;
create function tap.did(done jsonb) returns text language sql as $$ select format('%s payloads, %s emptied, postponed %s', did.done -> 'payloads', did.done -> 'truncated', did.done -> 'postponed') $$;

select faultline.set_settings('{"retention": "7 days"}') \g /dev/null
select is(did(run('select faultline.maintain()')::jsonb), '5000 payloads, 0 emptied, postponed []', '5 000 of them');
select is(kept(), '1 of 9 days, 2 of 8 days, 2 of 5 days', 'the oldest first');
select is((select count(*) from faultline.jobs_done where finished_at < now() - interval '9 days 12 hours'), 5000::bigint, 'a day is not emptied by the call that deletes its payloads');
select healthy('payloads are gone, and nobody misses them');
select faultline.set_settings('{"retention": null}') \g /dev/null
select healthy('nor with a longer retention');
select faultline.set_settings('{"retention": "7 days"}') \g /dev/null
select is(did(run('select faultline.maintain()')::jsonb), '3 payloads, 1 emptied, postponed []', 'the rest with the next call, and the day that has none any more is emptied');
select healthy('nothing is wrong');
select is(did(run('select faultline.maintain()')::jsonb), '0 payloads, 2 emptied, postponed []', 'and so are the others');
select is(kept(), '2 of 5 days', 'within retention they stay');
select is((select payload from faultline.jobs where job_id = :live), large('live') -> 'payload', 'and so do those of live jobs');
select is(did(run('select faultline.maintain()')::jsonb), '0 payloads, 0 emptied, postponed []', 'repeated, there is nothing to do');
select healthy('nothing is wrong');

-- What history has left, in a dump for instance: up to 5 000 a call, the oldest first, and none of a live job.
select min(job_id) as first from faultline.jobs_done \gset
set session_replication_role = replica;
update faultline.jobs_live set job_id = -7 where job_id = :live;
update faultline.payloads set job_id = -7 where job_id = :live;
set session_replication_role = origin;
insert into faultline.payloads select n, '{"is": "left"}' from generate_series(-5010, -1) n where n <> -7;
insert into faultline.payloads values (:first - 1, '{"is": "left"}');
select healthy('nobody minds them');
select is(did(run('select faultline.maintain()')::jsonb), '5000 payloads, 0 emptied, postponed []', '5 000 of them');
select is((select array_agg(job_id order by job_id) from faultline.payloads where job_id < :first), array[-10, -9, -8, -7, -6, -5, -4, -3, -2, -1, :first - 1]::bigint[], 'the oldest first');
select is(did(run('select faultline.maintain()')::jsonb), '10 payloads, 0 emptied, postponed []', 'the rest with the next call');
select is((select array_agg(job_id order by job_id) from faultline.payloads where job_id < :first), array[-7]::bigint[], 'that of a live job stays');
select is(kept(), '2 of 5 days', 'and those of history');
select healthy('nothing is wrong');

select * from finish();
