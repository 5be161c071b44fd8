\ir ../../support/operating.sql
select * from no_plan();

-- As observers see them, with times to ten seconds; the age of snapshots and the server's health are other files'.
create function tap.lines(floor text default null) returns setof text language plpgsql
as $$
declare
  line text;
begin
  perform set_config('role', 'faultline_observer', true);
  for line in
    select replace(m.name, 'faultline_', '') || ' ' || m.labels || ' ' || case when m.name like '%seconds' then trunc(m.value::numeric, -1) else m.value::numeric end
    from faultline.metrics(lines.floor) m where m.name !~ 'snapshot|server|jobs_live|payloads|transaction_ids'
  loop
    return next line;
  end loop;
  perform set_config('role', 'none', true);
end
$$;

select results_eq($$select lines()$$, $$values ('queues {} 0'), ('queue_depth_most {} 10000'), ('dead_letters {} 0'), ('transactions {"state": "INIT"} 0'), ('transactions {"state": "APPLIED"} 0'), ('transactions {"state": "FAILED"} 0'),
  ('transactions_dead {} 0'), ('transaction_oldest_init_seconds {} 0'), ('effects_unknown {} 0'), ('runs {"state": "running"} 0'), ('runs {"state": "failed"} 0'), ('schedule_missed_total {} 0'), ('runners {} 0')$$, 'an empty database');
select is((select array_agg(name || ' ' || labels || ' ' || pg_typeof(value)) from faultline.metrics() where name like '%snapshot%'),
  array['faultline_oldest_snapshot_seconds {} double precision'], 'and the age of the oldest snapshot');

select job_in('queued', '{"queue": "mail"}'), job_in('queued', '{"queue": "mail", "priority": 4}'), job_in('running', '{"queue": "mail"}'),
  job_in('failed', '{"queue": "mail"}'), job_in('failed', '{"queue": "dead"}'), job_in('queued', '{"queue": "later", "run_at": "2100-01-01"}'),
  job_in('succeeded', '{"queue": "over"}') \g /dev/null
update faultline.jobs_live set ready_at = clock_timestamp() - interval '90 s' where queue = 'mail' and priority = 4;
update faultline.jobs_live set ready_at = clock_timestamp() - interval '5 s' where queue = 'mail' and priority = 2 and state = 'queued';
select faultline.register_runner(gen_random_uuid(), 'h', n, 'v') from generate_series(1, 3) n \g /dev/null
select faultline.register_runner(gen_random_uuid(), 'h', 4, 'v', '{mail,mail,dead}'), faultline.register_runner(gen_random_uuid(), 'h', 5, 'v', '{mail,nowhere}') \g /dev/null
select faultline.pause_queue('later') \g /dev/null
update faultline.runners set last_seen_at = clock_timestamp() - interval '61 s' where pid = 1;
update faultline.runners set last_seen_at = clock_timestamp() - interval '30 s' where pid = 2;

create table tap.expected (line text);
insert into tap.expected values
  ('queue_depth {"queue": "dead", "state": "queued"} 0'), ('queue_depth {"queue": "dead", "state": "running"} 0'),
  ('queue_depth {"queue": "dead", "state": "failed"} 1'), ('queue_ready {"queue": "dead"} 0'), ('queue_oldest_ready_seconds {"queue": "dead"} 0'),
  ('queue_runners {"queue": "dead"} 3'), ('queue_paused {"queue": "dead"} 0'),
  ('queue_depth {"queue": "later", "state": "queued"} 1'), ('queue_depth {"queue": "later", "state": "running"} 0'),
  ('queue_depth {"queue": "later", "state": "failed"} 0'), ('queue_ready {"queue": "later"} 0'), ('queue_oldest_ready_seconds {"queue": "later"} 0'),
  ('queue_runners {"queue": "later"} 2'), ('queue_paused {"queue": "later"} 1'),
  ('queue_depth {"queue": "mail", "state": "queued"} 2'), ('queue_depth {"queue": "mail", "state": "running"} 1'),
  ('queue_depth {"queue": "mail", "state": "failed"} 1'), ('queue_ready {"queue": "mail"} 2'), ('queue_oldest_ready_seconds {"queue": "mail"} 90'),
  ('queue_runners {"queue": "mail"} 4'), ('queue_paused {"queue": "mail"} 0'),
  ('queues {} 3'), ('queue_depth_most {} 10000'),
  ('dead_letters {} 2'), ('transactions {"state": "INIT"} 0'), ('transactions {"state": "APPLIED"} 0'), ('transactions {"state": "FAILED"} 0'),
  ('transactions_dead {} 0'), ('transaction_oldest_init_seconds {} 0'), ('effects_unknown {} 0'), ('runs {"state": "running"} 0'), ('runs {"state": "failed"} 0'), ('schedule_missed_total {} 0'), ('runners {} 4');
select results_eq('select lines()', 'table tap.expected', 'depth by queue and state, what is ready, its age over all levels, who serves it, dead letters, runners seen within a minute');
select is(run('select count(*) from faultline.metrics()'), (select count(*) + 7 from tap.expected)::text, 'a runner reads them too');
select changes_nothing('faultline_runner', 'select name from faultline.metrics() limit 1', 'faultline_queue_depth', 'reading changes nothing');

-- With a floor: what lies below it is not walked. So far every row is above.
select faultline.advance_floor('{mail,later,dead}') as token \gset
select faultline.advance_floor('{mail,later,dead}', :'token') as token \gset
select results_eq(format('select lines(%L)', :'token'), 'table tap.expected', 'a proven floor hides no job that waits');
select ok(:'token'::jsonb ? 'queues', 'the floor was proven');
select faultline.advance_floor('{mail,later,dead,known}', :'token') as token \gset
select results_eq(format($$select l from lines(%L) l where l like '%%"known"%%'$$, :'token'),
  $$values ('queue_depth {"queue": "known", "state": "queued"} 0'), ('queue_depth {"queue": "known", "state": "running"} 0'),
           ('queue_depth {"queue": "known", "state": "failed"} 0'), ('queue_ready {"queue": "known"} 0'), ('queue_oldest_ready_seconds {"queue": "known"} 0'),
           ('queue_runners {"queue": "known"} 2'), ('queue_paused {"queue": "known"} 0')$$,
  'a queue that the token names has its metrics, empty or not');
-- That it is really used: jobs below a floor that was forged are not seen.
select results_eq(format($$select l from lines(%L) l where l like '%%"mail"%%'$$,
    jsonb_build_object('read_at', now() - interval '1 h', 'lease', now() + interval '1 day',
                       'queues', jsonb_build_object('mail', array[now() + interval '1 h', now() + interval '1 h', now() + interval '1 h', now() + interval '1 h']))),
  $$values ('queue_depth {"queue": "mail", "state": "queued"} 0'), ('queue_depth {"queue": "mail", "state": "running"} 0'),
           ('queue_depth {"queue": "mail", "state": "failed"} 1'), ('queue_ready {"queue": "mail"} 0'), ('queue_oldest_ready_seconds {"queue": "mail"} 0'),
           ('queue_runners {"queue": "mail"} 4'), ('queue_paused {"queue": "mail"} 0')$$,
  'the walk starts at the floor');
select results_eq(format('select lines(%L)', jsonb_build_object('read_at', now() + interval '1 h', 'queues', '{"mail": ["infinity", "infinity", "infinity", "infinity"]}'::jsonb)),
  'table tap.expected', 'a token of the future is no floor');

select refused('faultline_observer', format('select count(*) from faultline.metrics(%L)', token), 'FL004',
  format('%L is not a token of advance_floor', left(token, 60)), 'Pass on what advance_floor returned, or NULL')
from unnest(array['', 'x', '[]', '"2020-01-01"', '{}', '{"read_at": null}', '{"read_at": "soon"}', '{"read_at": "2020-01-01"', repeat('[', 100)]) token;

select * from finish();
