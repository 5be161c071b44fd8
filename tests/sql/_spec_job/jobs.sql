\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- What is said of jobs there; or what is wrong with it, and what to do.
create function tap.said_of(given jsonb) returns text language plpgsql as $$
declare
  hint text;
begin
  return faultline._spec_job('p', given);
exception when sqlstate 'FL004' then
  get stacked diagnostics hint = pg_exception_hint;
  return format('%s (%s)', sqlerrm, hint);
end
$$;
select is(said_of(given::jsonb)::jsonb, job::jsonb, 'good: ' || given)
from (values
  ('{}', '{}'),
  ('{"type": "t", "queue": "q", "priority": 4, "timeout": "5m", "retry": {"max_attempts": 7, "backoff": {"kind": "fixed", "delay": "2s"}}}',
   '{"queue": "q", "priority": 4, "timeout": "5m", "max_attempts": 7, "backoff": {"kind": "fixed", "delay": "2s"}}'),
  ('{"queue": null, "priority": null, "timeout": null, "retry": {"max_attempts": null, "backoff": null}}', '{}'),
  ('{"retry": {}}', '{}'),
  ('{"priority": 3.0, "retry": {"max_attempts": 1.0}}', '{"priority": 3, "max_attempts": 1}'),
  ('{"priority": 1, "retry": {"max_attempts": 100}}', '{"priority": 1, "max_attempts": 100}'),
  ('{"timeout": 0.001}', '{"timeout": 0.001}'),
  ('{"timeout": "366 days"}', '{"timeout": "366 days"}')) v (given, job);
select is(said_of(given::jsonb), said, 'bad: ' || left(given, 60))
from (values
  ('{"retry": null}', 'p.retry: it is not an object but of type null (Its keys: max_attempts, backoff)'),
  ('{"retry": {"attempts": 1}}', 'p.retry: it has the unknown key ''attempts'' (Its keys: max_attempts, backoff)'),
  ('{"timeout": 0.0009}', 'p.timeout: 00:00:00.0009 is out of bounds (It lies between 00:00:00.001 and 366 days)'),
  ('{"timeout": "366 days 1 ms"}', 'p.timeout: 366 days 00:00:00.001 is out of bounds (It lies between 00:00:00.001 and 366 days)'),
  ('{"priority": "2"}', 'p.priority: "2" is not a whole number (priority: 1 to 4; max_attempts: 1 to 100)'),
  ('{"priority": [2]}', 'p.priority: [2] is not a whole number (priority: 1 to 4; max_attempts: 1 to 100)'),
  ('{"priority": 2.5}', 'p.priority: 2.5 is not a whole number (priority: 1 to 4; max_attempts: 1 to 100)'),
  ('{"retry": {"max_attempts": 1.5}}', 'p.retry.max_attempts: 1.5 is not a whole number (priority: 1 to 4; max_attempts: 1 to 100)'),
  ('{"priority": "' || repeat('x', 200) || '"}', 'p.priority: "' || repeat('x', 99) || ' is not a whole number (priority: 1 to 4; max_attempts: 1 to 100)'),
  ('{"priority": 1000}', 'p: priority 1000 is out of bounds (1, 2, 3 or 4; 1 runs first)'),
  ('{"priority": 1001}', 'p.priority: 1001 is out of bounds (priority: 1 to 4; max_attempts: 1 to 100)'),
  ('{"priority": 1e30}', 'p.priority: 1000000000000000000000000000000 is out of bounds (priority: 1 to 4; max_attempts: 1 to 100)'),
  ('{"priority": 0}', 'p: priority 0 is out of bounds (1, 2, 3 or 4; 1 runs first)'),
  ('{"retry": {"max_attempts": -1000}}', 'p: max_attempts -1000 is out of bounds (It lies between 1 and 100)'),
  ('{"retry": {"max_attempts": -1001}}', 'p.retry.max_attempts: -1001 is out of bounds (priority: 1 to 4; max_attempts: 1 to 100)'),
  ('{"retry": {"max_attempts": 101}}', 'p: max_attempts 101 is out of bounds (It lies between 1 and 100)'),
  ('{"queue": 5}', 'p.queue: it is not a text (The name of a queue)'),
  ('{"queue": "a b"}', 'p: queue ''a b'' is not a name (A name has 1 to 128 characters of A-Z a-z 0-9 _ . : -)')) v (given, said);
select matches(said_of('{"retry": {"backoff": {"kind": "x"}}}'), '^p: .*backoff', 'a backoff that is none, with the place');

select * from finish();
rollback;
