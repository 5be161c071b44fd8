\ir ../../support/workflows.sql

begin;
select * from no_plan();
-- What is large here is not worth the time that it takes to compress it.
alter table faultline.tasks alter result set storage external;

-- 16 MiB as text, an element without a result among them: to the byte.
create function tap.list_of(bytes int) returns faultline.tasks language plpgsql volatile security definer as $$
declare
  run constant bigint := tap.begun('{"m": {"type": "t", "for_each": "input.l"}}', '{"l": [1, 2, 3]}');
begin
  perform tap.task_ends(run, 'm[0]'), tap.task_ends(run, 'm[2]', 'succeeded', '1');
  update faultline.tasks t set result = to_jsonb(repeat('x', bytes - 16)) where t.run_id = run and t.item = 2;
  perform tap.task_ends(run, 'm[1]');
  return tap.task(run, 'm');
end
$$;
select is((t.state, t.result is null, t.error), ('failed'::text, true,
  '{"type": "ResultError", "message": "the results of its first 3 elements have 16777217 bytes as text, more than 16777216 (16 MiB). Store the data elsewhere and return references"}'::jsonb), 'a longer one is an error, and nothing of it is kept')
from list_of(16777217) t;

select * from finish();
rollback;
