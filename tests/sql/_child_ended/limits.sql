\ir ../../support/workflows.sql

begin;
select * from no_plan();
-- What is large here is not worth the time that it takes to compress it.
alter table faultline.tasks alter result set storage external;

-- 16 MiB as text, one without a result among them: to the byte.
select faultline.put_workflow('{"name": "large", "tasks": {"v": {"type": "t"}, "xx": {"type": "t"}}}') \g /dev/null
create function tap.child_with(bytes int) returns faultline.tasks language plpgsql volatile security definer as $$
declare
  run constant bigint := tap.begun('{"c": {"workflow": "large"}}', '{}', 'parent');
  child constant bigint := (tap.task(run, 'c')).child_run_id;
begin
  perform tap.task_ends(child, 'xx', 'succeeded', '1');
  update faultline.tasks t set result = to_jsonb(repeat('x', bytes - 21)) where t.run_id = child and t.name = 'xx';
  perform tap.task_ends(child, 'v');
  return tap.task(run, 'c');
end
$$;
select is((t.state, t.result is null, t.error), ('failed'::text, true, jsonb_build_object('type', 'ResultError', 'message', format(
  'the results of the last tasks of run %s have more than 16777216 bytes as text (16 MiB). Store the data elsewhere and return references', t.child_run_id))), 'larger ones are an error, and nothing of them is kept')
from child_with(16777217) t;

select * from finish();
rollback;
