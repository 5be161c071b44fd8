\ir ../../support/operating.sql
select * from no_plan();

select is(faultline._next_queue('', null, false), null, 'no job, no queue');
select job_in('queued', '{"queue": "b"}'), job_in('running', '{"queue": "d"}'), job_in('failed', '{"queue": "f"}'),
  job_in('succeeded', '{"queue": "a"}') \g /dev/null
select is(
  array[faultline._next_queue('', null, false), faultline._next_queue('b', null, false), faultline._next_queue('d', null, false), faultline._next_queue('f', null, false)],
  '{b,d,f,null}', 'one after the other: queued, running and dead jobs count, finished ones do not');
select is(
  array[faultline._next_queue('a', 'b', false), faultline._next_queue('a', 'bb', false), faultline._next_queue('b', 'f', false), faultline._next_queue('e', 'g', false)],
  '{null,b,d,f}', 'both ends stay outside');
select is(array[faultline._next_queue('', null, true), faultline._next_queue('b', null, true), faultline._next_queue('b', 'z', true), faultline._next_queue('', 'c', true)],
  '{b,null,null,b}', 'or only those with queued jobs');
select is(array[faultline._next_queue('b', 'z', false), faultline._next_queue('b', 'd', false), faultline._next_queue('d', 'f', false)],
  '{d,null,null}', 'the first of several, and again both ends stay outside');

select * from finish();
