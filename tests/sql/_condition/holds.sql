\ir ../../support/workflows.sql

begin;
select * from no_plan();

select begun('{"a": {"type": "t"}}', '{"x": 1}') as run \gset
select task_ends(:run, 'a', 'succeeded', '{"rows": 5, "t": "many"}') \g /dev/null
create function tap.says(condition text) returns text language plpgsql volatile security definer as $$
begin
  return (select concat_ws(', ', c.holds, c.error) from faultline.runs r, faultline._condition(r, 'b', jsonb_build_object('needs', '["a"]'::jsonb, 'if', condition)) c where r.run_id = (select max(run_id) from faultline.runs));
end
$$;
select is(says(condition), answer, condition)
from (values
  ('$.a.rows > 4 && $.input.x == 1', 't'),
  ('$.a.rows > 5', 'f'),
  ('$.a.rows', '{"type": "ConditionError", "message": "single boolean result is expected"}'),
  ('$.a.t > 5', '{"type": "ConditionError", "message": "if: $.a.t > 5 is neither true nor false here"}'),
  ('strict $.a.none == 1', '{"type": "ConditionError", "message": "if: strict $.a.none == 1 is neither true nor false here"}')) v (condition, answer);

-- A long condition, and a long message, are cut.
select is(says('$.a.t > ' || repeat('1', 292)) , jsonb_build_object('type', 'ConditionError', 'message', format('if: $.a.t > %s is neither true nor false here', repeat('1', 292)))::text, '300 characters are shown');
select is(says('$.a.t > ' || repeat('1', 291) || '23'), jsonb_build_object('type', 'ConditionError', 'message', format('if: $.a.t > %s2 is neither true nor false here', repeat('1', 291)))::text, 'and not more');
select is(length((says('strict $.a.' || repeat('k', 900)))::jsonb ->> 'message'), 500, 'of what the path says 500');

-- Too much to look at is the error of the task.
select is((c.holds, c.error ->> 'type', left(c.error ->> 'message', 34)), (null::boolean, 'ContextError'::text, 'task b would be given too much: th'::text), 'as whoever asks is told')
from (select jsonb_populate_record(r, jsonb_build_object('input', repeat('x', 33554432))) as r from faultline.runs r where r.run_id = :run) x, faultline._condition(x.r, 'b', '{"needs": [], "if": "$.input == 1"}') c;

select * from finish();
rollback;
