\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Verdicts item by item, in the order of the arrays; a refused one does not harm the others.
select running('a'), running('b'), running('last', '{"max_attempts": 1}'), running('failed before'), running('reaped'), running('newer'), queued('waiting'), running('done');
select faultline.fail_job(id('failed before'), 1, '{"message": "first"}');
select expired('reaped'), faultline.reap_expired(), faultline.complete_job(id('done'), 1);
select faultline.release_job(id('newer'), 1), claimed('newer', 2);
select is((select string_agg(coalesce(name_of(job_id), 'nobody') || ' ' || verdict, ', ')
           from faultline.fail_jobs(ids('last', 'failed before', 'a', 'reaped', 'newer', 'waiting', 'done') || array[123456789, id('newer'), id('b')],
                                    array[1, 1, 1, 1, 1, 0, 1, 1, 2, 1],
                                    (select array_agg(jsonb_build_object('n', n)) from generate_series(1, 10) n))),
          'last ok, failed before repeat, a ok, reaped stale, newer stale, waiting stale, done stale, nobody stale, newer ok, b ok', 'each has its verdict, in order');
select is((l.state, l.failures, l.error), (s, f, format('{"n": %s}', e)::jsonb), n || ' has its own error')
from (values ('last', 'failed', 1, 1), ('a', 'queued', 1, 3), ('newer', 'queued', 1, 9), ('b', 'queued', 1, 10)) v (n, s, f, e), lateral live(n) l;
select is((live('failed before')).error, '{"message": "first"}', 'that of a repeat stays');
select is(events(n), e, n || ': ' || e)
from (values ('a', 'fail'), ('last', 'fail'), ('newer', 'release fail stale'), ('reaped', 'expire stale'), ('waiting', 'stale'), ('done', 'stale'), ('failed before', 'fail')) v (n, e);
select is((select count(*) from faultline.job_events where job_id = 123456789 and verb = 'stale' and detail = '{"verb": "fail"}'), 1::bigint, 'even of a job that is not there');

select repeats($$select name_of(job_id), verdict
                 from faultline.fail_jobs(ids('last', 'failed before', 'a', 'reaped', 'newer', 'waiting', 'newer', 'b'), array[1, 1, 1, 1, 1, 0, 2, 1])$$,
               'last,repeat "failed before",repeat a,repeat reaped,stale newer,stale waiting,stale newer,repeat b,repeat',
               'the same group again: repeat for ok, stale for stale, recorded once, nothing changed');

-- One by one or in a group: the same rows, the same events.
create temp table reports (n int, job jsonb, error jsonb, retryable boolean, retry_in interval);
insert into reports values
  (1, '{}', '{"type": "E", "message": "m", "more": null}', null, null),
  (2, '{}', null, true, null),
  (3, '{}', '{}', false, null),
  (4, '{}', '{}', false, '1 h'),
  (5, '{"max_attempts": 1}', '{}', true, '1 h'),
  (6, '{"max_attempts": 2}', '{}', true, '1 h'),
  (7, '{}', '{}', true, '0'),
  (8, '{}', '{}', true, '366 days'),
  (9, '{"backoff": {"kind": "fixed", "delay": "7m", "jitter": 0}}', '{}', true, null),
  (10, '{"queue": "slow"}', '{}', true, null),
  (11, '{"queue": "slow", "backoff": {"delay": "2m", "jitter": 0}}', '{}', true, null),
  (12, '{"queue": "slow"}', '{}', true, '3 m');
select faultline.set_queue('slow', '{"backoff": {"kind": "fixed", "delay": "5m", "jitter": 0}}');
update faultline.settings set backoff = '{"kind": "fixed", "delay": "10m", "jitter": 0}';
select running(format('%s %s', way, n), job) from reports, (values ('one'), ('group')) w (way);
select faultline.fail_job(id('one ' || n), 1, error, retryable, retry_in) from reports;
select is((select string_agg(f.verdict, ' ')
           from (select array_agg(id('group ' || n) order by n desc) as ids, array_agg(1) as ones, array_agg(error order by n desc) as errors,
                   array_agg(retryable order by n desc) as retryables, array_agg(retry_in order by n desc) as waits from reports) r,
             lateral faultline.fail_jobs(r.ids, r.ones, r.errors, r.retryables, r.waits) f),
          pg_catalog.repeat('ok ', 11) || 'ok', 'twelve reports');
create function pg_temp.left_behind(name text) returns jsonb language sql as $$
  select to_jsonb(l) - '{job_id,created_at,ready_at,started_at,finished_at,payload,queue}'::text[]
    || jsonb_build_object('finished', l.finished_at between now() and clock_timestamp(), 'minutes', round(extract(epoch from l.ready_at - clock_timestamp()) / 60),
                          'events', (select jsonb_agg(to_jsonb(e) - '{event_id,at,job_id}'::text[] || jsonb_build_object('now', e.at between now() and clock_timestamp())) from faultline.job_events e where e.job_id = l.job_id))
  from live(name) l
$$;
select is(pg_temp.left_behind('group ' || n), pg_temp.left_behind('one ' || n), format('report %s leaves the same in a group', n)) from reports order by n;
select is((live('group ' || n)).state, s, format('report %s: %s', n, s)) from (values (1, 'queued'), (3, 'failed'), (4, 'failed'), (5, 'failed'), (6, 'queued')) v (n, s);
select is((last_event('group ' || n)).detail ->> 'delay', d, format('report %s waits for %s', n, d)) from (values (2, '00:10:00'), (3, null), (7, '00:00:00'), (9, '00:07:00'), (10, '00:05:00'), (11, '00:02:00'), (12, '00:03:00')) v (n, d);
update faultline.settings set backoff = default;
select running('grows', '{"backoff": {"delay": "10s", "jitter": 0}}');
select faultline.fail_jobs(ids('grows'), '{1}', retry_ins => '{0}'), claimed('grows', 2), faultline.fail_jobs(ids('grows'), '{2}');
select is((e.detail ->> 'delay', e.detail ->> 'failures'), ('00:00:20'::text, '2'::text), 'the backoff is that of the second failure') from last_event('grows') e;
select running('j ' || n) from generate_series(1, 50) n;
select faultline.fail_jobs(array_agg(id('j ' || n)), array_agg(1)) from generate_series(1, 50) n;
select ok(count(distinct d) > 1 and min(d) >= '0.8 s' and max(d) <= '1 s', 'each has a jitter of its own') from generate_series(1, 50) n, lateral (select ((last_event('j ' || n)).detail ->> 'delay')::interval) v (d);

select running('twice');
select answers($$select name_of(job_id), verdict from faultline.fail_jobs(ids('twice', 'twice'), array[1, 1], array['{"n": 1}', '{"n": 2}']::jsonb[])$$, 'twice,ok twice,ok', 'a report twice in a group is accepted');
select is((l.failures, events('twice')), (1, 'fail'::text), 'and charged and recorded once') from live('twice') l;
select running('late'), expired('late');
select answers($$select verdict from faultline.fail_jobs(ids('late'), array[1])$$, 'ok', 'accepted after the deadline');

-- What somebody asked to cancel ends so, whatever else is in the group.
select running('to cancel'), running('beside'), faultline.cancel_job(id('to cancel'));
select answers($$select name_of(job_id), verdict from faultline.fail_jobs(ids('to cancel', 'beside', 'to cancel'), '{1,1,1}', array['{"n": 1}', null, null]::jsonb[])$$, '"to cancel",ok beside,ok "to cancel",ok', 'a job that is to be cancelled');
select is((d.state, d.failures, d.error), ('cancelled'::text, 1, '{"n": 1}'::jsonb), 'is cancelled, the failure charged') from done('to cancel') d;
select is((state_of('beside'), events('to cancel')), ('queued'::text, 'cancel_requested fail'::text), 'the other one is tried again');
select repeats($$select verdict from faultline.fail_jobs(ids('to cancel'), '{1}')$$, 'repeat', 'again: repeat');

select is_empty($$select * from faultline.fail_jobs('{}', '{}', '{}', '{}', '{}')$$, 'an empty group has no verdicts');
select is_empty($$select * from faultline.fail_jobs(null, null)$$, 'nor has none');
set local role faultline_runner;
select running('literal');
select answers(format($$select verdict from faultline.fail_jobs('{%s}', '{1}', '{"{\"a\": 1}"}', '{f}', '{1 h}')$$, id('literal')), 'ok', 'faultline_runner may; untyped literals do');
reset role;
select is((l.state, l.error), ('failed'::text, '{"a": 1}'::jsonb), 'and are read') from live('literal') l;
select is_empty('select * from faultline.verify()', 'healthy');

select * from finish();
rollback;
