\ir ../../support/operating.sql
select * from no_plan();

create function tap.floor_of(queued text, lease text) returns text
language sql as $$
select jsonb_build_object('read_at', '2020-01-01', 'queues', jsonb_build_object('a', jsonb_build_array(queued, queued, queued, queued)), 'lease', lease)::text
$$;

select is(array[faultline.unfinished(), faultline.unfinished('{a}')], '{f,f}', 'no job');
select job_in('failed', '{"queue": "a"}'), job_in('succeeded', '{"queue": "a"}') \g /dev/null
select is(array[faultline.unfinished(), faultline.unfinished('{a}')], '{f,f}', 'dead letters and finished jobs are finished');
select job_in('queued', '{"queue": "a", "run_at": "2100-01-01"}') \g /dev/null
select is(array[faultline.unfinished(), faultline.unfinished('{b,a}'), faultline.unfinished('{b}')], '{t,t,f}', 'a queued job, due or not, of these queues');
select is(array[faultline.unfinished(null, floor_of('2099-01-01', '2099-01-01')), faultline.unfinished('{a}', floor_of('2099-01-01', '2099-01-01'))], '{t,t}', 'above the floor');
select is(array[faultline.unfinished(null, floor_of('2101-01-01', '2099-01-01')), faultline.unfinished('{a}', floor_of('2101-01-01', '2099-01-01'))], '{f,f}', 'below it nothing is looked at');
select job_in('running', '{"queue": "a"}') \g /dev/null
select is(array[faultline.unfinished(null, floor_of('2101-01-01', '2020-01-01')), faultline.unfinished('{a}', floor_of('2101-01-01', '2020-01-01'))], '{t,t}', 'a running job');

select * from finish();
