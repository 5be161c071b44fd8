\ir ../../support/workflows.sql
begin;
select * from no_plan();
-- What is large here is not worth the time that it takes to compress it.
alter table faultline.tasks alter result set storage external, alter value set storage external;

-- What a task is given may have 32 MiB as text. a and b have that together, with what separates them, or spare more.
create function tap.given(spare int) returns text language plpgsql volatile security definer as $$
declare
  run constant bigint := tap.begun('{"a": {"type": "t"}, "b": {"type": "t"}, "x": {"type": "t", "needs": "a"}, "y": {"type": "t", "needs": ["a", "b"]}, "z": {"type": "t", "needs": ["a", "b"], "for_each": "input.l"}}', '{"l": [1, 2]}');
  said text;
begin
  perform tap.task_ends(run, 'a'), tap.task_ends(run, 'b');
  update faultline.tasks t set result = to_jsonb(repeat('x', case t.name when 'a' then 1000000 else 33554432 - 42 - 1000000 + spare end)) where t.run_id = run and t.name in ('a', 'b');
  select string_agg(format('%s %s', c.name, coalesce(c.error ->> 'type' || ': ' || (c.error ->> 'message'), octet_length(('{"input": {"l": [1, 2]}}'::jsonb || c.results)::text)::text, 'as before')), ', ' order by c.job_id)
  into said
  from faultline.task_contexts(array[tap.task_job(run, 'x'), tap.task_job(run, 'z[0]'), tap.task_job(run, 'z[1]')]) c;
  return said;
end
$$;
select is(given(0), 'x 1000033, z 33554432, z as before', 'as much as it may be');
select is(given(1), 'x 1000033, z ContextError: task z would be given too much: the input of its run and 2 of the 2 results that it needs have 33554433 bytes as text, more than 33554432 (32 MiB). Store the data elsewhere and return references, z as before',
  'a byte more is an error, and the other tasks have what they need');
select is((input, results, item, error ->> 'type'), (null::jsonb, null::jsonb, '2'::jsonb, 'ContextError'::text), 'asked alone, the second element has the error')
from faultline.task_contexts(array[task_job((select max(run_id) from faultline.runs), 'z[1]')]);
select is(string_agg(substring(error ->> 'message', 'task . '), ''), 'task y task z ', 'of two that need the same, each has one by its own name')
from faultline.task_contexts(array(select task_job((select max(run_id) from faultline.runs), n) from unnest('{y,z[0]}'::text[]) n));

-- It stops where there is too much: a jsonb with all of it could not be built.
select begun((select jsonb_object_agg('n' || n, '{"type": "t"}'::jsonb) || jsonb_build_object('z', jsonb_build_object('type', 't', 'needs', jsonb_agg('n' || n))) from generate_series(1, 1100) n)) as run \gset
delete from faultline.jobs_live where run_id = :run and task <> 'n1';
update faultline.tasks set state = 'succeeded', finished_at = now(), result = to_jsonb(repeat('x', 262000)) where run_id = :run and name not in ('z', 'n1');
select task_ends(:run, 'n1') \g /dev/null
select matches(error ->> 'message', '^task z would be given too much: the input of its run and 1(29|30) of the 1100 results', 'far more, too') from faultline.task_contexts(array[task_job(:run, 'z')]);

-- A condition looks at as much.
create function tap.decided(spare int) returns text language plpgsql volatile security definer as $$
declare
  run constant bigint := tap.begun('{"a": {"type": "t"}, "z": {"type": "t", "needs": "a", "if": "$.a == \"y\""}, "y": {"type": "t", "needs": "a"}}', '{}');
begin
  perform tap.task_claimed(run, 'a');
  update faultline.tasks t set result = to_jsonb(repeat('x', 33554432 - 22 + spare)) where t.run_id = run and t.name = 'a';
  update faultline.tasks t set state = 'succeeded', finished_at = now() where t.run_id = run and t.name = 'a';
  delete from faultline.jobs_live j where j.run_id = run;
  perform faultline._advance(r, array['a']) from faultline.runs r where r.run_id = run;
  return tap.tasks(run) || coalesce(': ' || ((tap.task(run, 'z')).error ->> 'message'), '');
end
$$;
select is(decided(0), 'a succeeded, y queued, z skipped', 'a condition can look at as much');
select is(decided(1), 'a succeeded, y queued, z failed: task z would be given too much: the input of its run and 1 of the 1 results that it needs have 33554433 bytes as text, more than 33554432 (32 MiB). Store the data elsewhere and return references',
  'at more it fails, and what ended goes on');

select * from finish();
rollback;
