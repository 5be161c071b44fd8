\ir ../../support/operating.sql
select * from no_plan();

create function tap.names(token jsonb, max int) returns text[] language sql as $$ select array(select faultline._queue_names(token, max)) $$;

select is(names(null, 10), '{}', 'no job, no queue');
select job_in('queued', '{"queue": "b"}'), job_in('queued', '{"queue": "b", "priority": 1}'), job_in('running', '{"queue": "c"}'), job_in('failed', '{"queue": "a"}'),
  job_in('succeeded', '{"queue": "over"}'), job_in('queued', '{"queue": "d", "run_at": "2100-01-01"}') \g /dev/null
select faultline.set_queue('set', '{"max_running": 1}') \g /dev/null
select is(names(null, 10), '{a,b,c,d}', 'queues with queued, running or dead jobs, each once and in order');
select is(names(null, 3), '{a,b,c}', 'at most so many');
select is(names(null, 0), '{}', 'none of none');
select is(names('{"queues": {"c": [], "bb": [], "zz": []}}', 10), '{a,b,bb,c,d,zz}', 'those that a token names are among them, in their places');
select is(names('{"queues": {"bb": []}}', 3), '{a,b,bb}', 'and count');
select is(names('{"read_at": "2020-01-01"}', 10), '{a,b,c,d}', 'a token that has proven nothing names none');

select * from finish();
