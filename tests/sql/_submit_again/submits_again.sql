\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- Its job again, as it was submitted, under a new id.
create function tap.job_of(name text) returns jsonb language sql as $$ select to_jsonb(job((transaction(job_of.name)).job_id)) - '{job_id,ready_at,created_at}'::text[] $$;
create table tap.before as
select name, faultline.submit_transaction(name, 'transfer', jsonb_build_object('name', name), o.queue, o.run_at, o.priority, o.max_attempts, o.backoff, o.timeout, o.tags, o.headers) as job_id
from (values ('plain', null::text, null::timestamptz, null::int, null::int, null::jsonb, null::interval, null::text[], null::jsonb),
             ('rich', 'money', '2100-01-01 12:00:00.123456+05:45', 4, 9, '{"kind": "fixed", "delay": "5s"}', '1 day 2:03:04.567', '{x,y}', '{"h": null, "deep": {"n": null}}'),
             ('default', 'default', null, 2, null, null, null, '{}', '{}')) o (name, queue, run_at, priority, max_attempts, backoff, timeout, tags, headers);
alter table tap.before add was jsonb, add ready_at timestamptz;
update tap.before set was = job_of(name), ready_at = (job(job_id)).ready_at;
delete from faultline.jobs_live;
select faultline._submit_again(transaction(name)) from tap.before;
select is(job_of(name), was, name || ': the job is as it was') from tap.before;
select isnt((transaction(name)).job_id, job_id, name || ': under a new id') from tap.before;
select is(stands(name), 'INIT', name || ': the transaction is INIT') from tap.before;
select is((live('rich')).ready_at, '2100-01-01 12:00:00.123456+05:45'::timestamptz, 'its run_at too');
select ok((live('plain')).ready_at between b.ready_at and clock_timestamp(), 'or now') from tap.before b where name = 'plain';
select is((live(name)).transaction_id, name, name || ': it knows its transaction') from tap.before;

-- Whatever the session writes times like.
set local intervalstyle = 'sql_standard'; set local datestyle = 'SQL, DMY'; set local timezone = 'Asia/Kathmandu';
select submitted('styled') is not null, faultline.submit_transaction('s', 't', '{"name": "s"}', timeout => '1 day 2:03:04', run_at => '2100-02-01Z') is not null;
set local intervalstyle = 'iso_8601'; set local datestyle = 'German'; set local timezone = 'America/St_Johns';
delete from faultline.jobs_live;
select faultline._submit_again(transaction('s'));
select is(((live('s')).timeout, (live('s')).ready_at), ('1 day 2:03:04'::interval, '2100-02-01Z'::timestamptz), 'whatever the session''s settings');

select * from finish();
rollback;
