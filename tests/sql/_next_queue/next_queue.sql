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

-- The order of names decides, not that of the jobs; and each queue counts once.
delete from faultline.jobs_live;
select job_in(state, jsonb_build_object('queue', letter || '-' || state, 'priority', case letter when 'z' then 1 else 2 end))
from unnest(array['z', 'm', 'a']) letter, unnest(array['queued', 'running', 'failed']) state, generate_series(1, 2) \g /dev/null
create function tap.walk(before text, only_queued boolean) returns text language plpgsql as $$
declare
  name text := '';
  names text[] := '{}';
begin
  loop
    name := faultline._next_queue(name, before, only_queued);
    exit when name is null;
    names := names || name;
  end loop;
  return array_to_string(names, ' ');
end
$$;
select is(walk(null, false), 'a-failed a-queued a-running m-failed m-queued m-running z-failed z-queued z-running', 'all of them, by name');
select is(walk('n', false), 'a-failed a-queued a-running m-failed m-queued m-running', 'up to an end');
select is((walk(null, true), walk('n', true)), ('a-queued m-queued z-queued'::text, 'a-queued m-queued'::text), 'and those with queued jobs');
select is(provolatile, 's', 'it is stable: what calls it sees one snapshot') from pg_proc where proname = '_next_queue' and pronamespace = 'faultline'::regnamespace;
select * from finish();
