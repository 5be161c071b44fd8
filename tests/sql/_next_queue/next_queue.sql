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
-- Also where the index of deadlines would be the cheaper one to walk.
delete from faultline.jobs_live;
set session_replication_role = replica;
insert into faultline.jobs_live (ready_at, created_at, attempt, max_attempts, priority, state, type, queue, payload, lease_owner, lease_expires_at)
select now(), now(), 1, 5, 2, 'running', 't', 'q' || to_char(n * 7919 % 5000, 'FM0000'), '{}', runner(1), now() + n * interval '1 s' from generate_series(1, 4999) n;
set session_replication_role = origin;
analyze faultline.jobs_live;
select is(array[faultline._next_queue('n', null, false), faultline._next_queue('n', 'z', false)], '{q0001,q0001}', 'the first by name, not the first to expire');
select is(provolatile, 's', 'it is stable: what calls it sees one snapshot') from pg_proc where proname = '_next_queue' and pronamespace = 'faultline'::regnamespace;
select * from finish();
