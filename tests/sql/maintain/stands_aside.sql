\ir ../../support/operating.sql
select * from no_plan();
select second_session();
-- The database may be from yesterday, and a new day may begin before the end: a day more than is due is there already.
select faultline.maintain() \g /dev/null
select has_day(parent, now() + interval '15 days') from unnest(array['jobs_done', 'job_events']) parent;
select to_char((now() at time zone 'UTC')::date + 14, 'YYYYMMDD') as last_day, to_char((now() at time zone 'UTC')::date - 40, 'YYYYMMDD') as old_day \gset

-- Of callers at the same moment one works.
drop table faultline.jobs_done_:last_day;
select dblink_exec('other', 'begin') \g /dev/null
select n from dblink('other', 'select pg_advisory_xact_lock(1181838444, 100)::text') as d (n text) \g /dev/null
select changes_nothing('faultline_runner', 'select faultline.maintain()', '{"busy": true}', 'while another works it does nothing');
select hasnt_table('faultline', 'jobs_done_' || :'last_day', 'not even what is to be done');
select dblink_exec('other', 'commit') \g /dev/null
select is(run('select faultline.maintain()')::jsonb ->> 'created', '1', 'then it is its turn');

-- A reader of history (pg_dump) has locked all of it: what it holds is put off, nobody waits.
insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
select nextval('faultline.jobs_live_job_id_seq'), :'old_day'::timestamp at time zone 'UTC', now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', '{}', '{}';
select faultline.set_settings('{"retention": "60 days"}') \g /dev/null
select is(faultline.maintain() ->> 'moved', '1', 'a day of history');
select faultline.set_settings('{"retention": null}') \g /dev/null
select job_in('succeeded', '{"idempotency_key": "k"}') as done, job_in('running') as running \gset
update faultline.idempotency_keys set expires_at = clock_timestamp();
drop table faultline.jobs_done_:last_day;
select dblink_exec('other', 'begin') \g /dev/null
select n from dblink('other', 'select count(*) from faultline.jobs_done') as d (n int) \g /dev/null
select is(run('select faultline.maintain()')::jsonb,
  jsonb_build_object('created', 0, 'moved', 0, 'truncated', 0, 'dropped', 0, 'payloads', 0, 'keys', 1, 'runners', 0, 'postings', 0, 'runs', 0, 'ticks', 0,
                     'postponed', array['create jobs_done_' || :'last_day', 'truncate jobs_done_' || :'old_day']),
  'what it can''t lock it puts off and says so; the rest it does');
select is(run(format('select faultline.complete_job(%s, 1)', :running)), 'ok', 'completions go on');
select dblink_exec('other', 'commit') \g /dev/null
select is(run('select faultline.maintain()')::jsonb, '{"created": 1, "moved": 0, "truncated": 1, "dropped": 1, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}', 'the next call makes up for it');

-- Somebody who wants the net for himself.
drop table faultline.jobs_done_:last_day;
select dblink_exec('other', 'begin; lock table faultline.jobs_done_default') \g /dev/null
select is(run('select faultline.maintain()')::jsonb -> 'postponed', '["create partitions of jobs_done"]', 'the net itself is locked');
select dblink_exec('other', 'commit') \g /dev/null
select is(run('select faultline.maintain()')::jsonb ->> 'created', '1', 'later it is done');

-- Somebody who wants the payloads for himself.
select dblink_exec('other', 'begin; lock table faultline.payloads') \g /dev/null
select is(run('select faultline.maintain()')::jsonb -> 'postponed', '["delete payloads"]', 'the payloads are locked');
select dblink_exec('other', 'commit') \g /dev/null
select is(run('select faultline.maintain()')::jsonb -> 'postponed', '[]', 'later they are not');

-- An emptied day whose table can't be dropped yet.
insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
select nextval('faultline.jobs_live_job_id_seq'), :'old_day'::timestamp at time zone 'UTC', now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', '{}', '{}';
select dblink_exec('other', 'begin') \g /dev/null
select n from dblink('other', 'select count(*) from only faultline.jobs_done') as d (n int) \g /dev/null
select is(run('select faultline.maintain()')::jsonb, jsonb_build_object('created', 1, 'moved', 1, 'truncated', 1, 'dropped', 0, 'payloads', 0, 'keys', 0, 'runners', 0, 'postings', 0, 'runs', 0, 'ticks', 0,
  'postponed', array['drop jobs_done_' || :'old_day']), 'the table of an old day is emptied at least');
select dblink_exec('other', 'commit') \g /dev/null
select is(run('select faultline.maintain()')::jsonb ->> 'dropped', '1', 'and goes later');

-- Somebody who wants an old day for himself: its size can't be asked for.
insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
select nextval('faultline.jobs_live_job_id_seq'), :'old_day'::timestamp at time zone 'UTC', now(), now(), 1, 0, 5, 2, 'running', 'succeeded', 't', 'default', '{}', '{}';
select faultline.set_settings('{"retention": "60 days"}') \g /dev/null
select faultline.maintain() \g /dev/null
select faultline.set_settings('{"retention": null}') \g /dev/null
select dblink_exec('other', 'begin; lock table faultline.jobs_done_' || :'old_day') \g /dev/null
select is(run('select faultline.maintain()')::jsonb -> 'postponed', jsonb_build_array('truncate jobs_done_' || :'old_day', 'drop jobs_done_' || :'old_day'),
  'an old day that is locked is put off');
select dblink_exec('other', 'commit') \g /dev/null
select is(run('select faultline.maintain()')::jsonb - 'postponed', '{"created": 0, "moved": 0, "truncated": 1, "dropped": 1, "payloads": 0, "keys": 0, "runners": 0, "postings": 0, "runs": 0, "ticks": 0}', 'and goes later');

-- Its patience is its own.
set lock_timeout = '7s';
select faultline.maintain() \g /dev/null
select is(current_setting('lock_timeout'), '7s', 'the caller''s lock_timeout is as it was');
begin;
set local lock_timeout = '8s';
select faultline.maintain() \g /dev/null
select is(current_setting('lock_timeout'), '8s', 'in a transaction too');
rollback;
select healthy('nothing is wrong after all of it');

select * from finish();
