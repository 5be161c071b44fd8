\ir ../../support/operating.sql
select * from no_plan();

-- An operator shortens retention and takes that back. What was removed meanwhile is missed by nobody, at whatever point
-- of its work maintain() was: days are emptied first, and their tables go later, of one parent after the other.
select faultline.fail_job(job_in('running'), 1, '{"type": "E"}') \g /dev/null
select job_in('succeeded', '{"idempotency_key": "k"}') \g /dev/null
set session_replication_role = replica;
update faultline.jobs_live set created_at = created_at - interval '5 days';
update faultline.idempotency_keys set created_at = created_at - interval '5 days';
create table tap.old_done as select * from faultline.jobs_done;
create table tap.old_events as select * from faultline.job_events;
update tap.old_done set finished_at = finished_at - interval '5 days';
update tap.old_events set at = at - interval '5 days';
delete from faultline.jobs_done;
delete from faultline.job_events;
-- Days with and without history, as far as ten days ago.
insert into faultline.jobs_done select * from tap.old_done;
insert into faultline.job_events overriding system value select * from tap.old_events;
insert into faultline.job_events (at, verb, actor) select now() - n * interval '1 day', 'pause', 'x' from generate_series(1, 10) n;
insert into faultline.jobs_done select (r).* from (select jsonb_populate_record(null::faultline.jobs_done, to_jsonb(d) || jsonb_build_object(
  'job_id', -n, 'idempotency_key', null, 'finished_at', now() - n * interval '1 day')) as r from tap.old_done d, generate_series(1, 10) n) v;
set session_replication_role = origin;
select is(faultline.maintain() ->> 'moved', '22', 'history of ten days');
select healthy('all of it is there');

select faultline.set_settings('{"retention": "2 days", "event_retention": "2 days"}') \g /dev/null
select is(faultline.maintain() - 'postponed', '{"created": 0, "moved": 0, "truncated": 16, "dropped": 8, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0}', 'all the old days are emptied, the tables of one parent gone');
select faultline.set_settings('{"retention": null, "event_retention": null}') \g /dev/null
select healthy('and now retention is long again');
select faultline.maintain() \g /dev/null
select healthy('also after maintain');

select * from finish();
