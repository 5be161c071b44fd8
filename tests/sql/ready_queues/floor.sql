\ir ../../support/operating.sql
select * from no_plan();

create function tap.ready(max int default null, floor text default null) returns text[]
language sql as $$ select array(select faultline.ready_queues(max, floor)) $$;
create function tap.floor_of(queues jsonb) returns text
language sql as $$ select jsonb_build_object('read_at', '2020-01-01', 'queues', queues)::text $$;

select is(ready(), '{}', 'no job, no queue');
select job_in('queued', '{"queue": "b"}'), job_in('queued', '{"queue": "a", "run_at": "2100-01-01"}'), job_in('queued', '{"queue": "d"}'), job_in('running', '{"queue": "c"}') \g /dev/null
select is(ready(), '{a,b,d}', 'queues with queued jobs, due or not, in order');
select is(ready(2), '{a,b}', 'at most so many');
select is(ready(floor => floor_of('{"b": ["2020-01-01", "2020-01-01", "2020-01-01", "2020-01-01"], "c": []}')), '{a,b,d}', 'those that the floor names in their places, if they have any');
select is(ready(floor => floor_of('{"b": ["2101-01-01", "2101-01-01", "2101-01-01", "2101-01-01"]}')), '{a,d}', 'and if it lies above the floor');
select is(ready(1, floor_of('{"a": ["2101-01-01", "2101-01-01", "2101-01-01", "2101-01-01"]}')), '{b}', 'only what is returned counts');
select is(ready(floor => floor_of('{"zz": []}')), '{a,b,d}', 'a queue without jobs is not ready because the floor names it');

select * from finish();
