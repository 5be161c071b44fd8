\ir ../../support/operating.sql
select * from no_plan();

select is(faultline._has_queued('a', null), false, 'no job');
select job_in('queued', '{"queue": "a", "priority": 4, "run_at": "2100-01-01"}'), job_in('running', '{"queue": "b"}') \g /dev/null
select is(faultline._has_queued('a', null), true, 'of any level, and not due yet');
select is(faultline._has_queued('b', null), false, 'a running job is not queued');
select is(faultline._has_queued('a', '{"queues": {"a": ["2101-01-01", "2101-01-01", "2101-01-01", "2099-01-01"]}}'), true, 'each level has its own floor');
select is(faultline._has_queued('a', '{"queues": {"a": ["2099-01-01", "2099-01-01", "2099-01-01", "2101-01-01"]}}'), false, 'below which nothing is looked at');
select is(faultline._has_queued('a', '{"queues": {"b": ["2101-01-01"]}}'), true, 'a floor of another queue says nothing');

select * from finish();
