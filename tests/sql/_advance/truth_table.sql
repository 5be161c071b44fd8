\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- The truth table: what becomes of a task when what it needs has ended. b is skipped because a failed before it
-- (skipped after a failure), or because of its condition (skipped).
create table tap.truth (needs text, on_success text, on_failure text, always text);
insert into tap.truth values
  ('succeeded',               'queued',  'skipped', 'queued'),
  ('failed',                  'skipped', 'queued',  'queued'),
  ('cancelled',               'skipped', 'queued',  'queued'),
  ('skipped after a failure', 'skipped', 'queued',  'queued'),
  ('skipped',                 'skipped', 'skipped', 'queued');
create function tap.ended(how text) returns bigint language plpgsql as $$
declare
  run constant bigint := begun(
    '{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"},
      "good": {"type": "t", "needs": "b"}, "bad": {"type": "t", "needs": "b", "when": "failure"}, "any": {"type": "t", "needs": "b", "when": "always"}}'::jsonb
    || case how when 'skipped' then '{"b": {"type": "t", "needs": "a", "if": "$.input.no == 1"}}'::jsonb else '{}' end, '{"no": 2}', replace(how, ' ', '-'));
begin
  perform task_ends(run, 'a', case how when 'skipped after a failure' then 'failed' else 'succeeded' end);
  if how not like 'skipped%' then
    perform task_ends(run, 'b', how);
  end if;
  return run;
end
$$;
select is(tasks(ended(needs)), format('a %s, b %s, %s', case needs when 'skipped after a failure' then 'failed' else 'succeeded' end, split_part(needs, ' ', 1),
    format('any %s, bad %s, good %s', always, on_failure, on_success)),
  'what it needs is ' || needs)
from tap.truth;

-- Of several needs: one that did not succeed is enough to skip, one that failed is enough for when: failure.
create function tap.pair(one text, other text) returns text language plpgsql as $$
declare
  run constant bigint := begun('{"a": {"type": "t"}, "b": {"type": "t"}, "good": {"type": "t", "needs": ["a", "b"]},
    "bad": {"type": "t", "needs": ["a", "b"], "when": "failure"}, "any": {"type": "t", "needs": ["b", "a"], "when": "always"}}');
begin
  perform task_ends(run, 'a', one);
  assert tasks(run) = format('a %s, b queued, any waiting, bad waiting, good waiting', one), tasks(run);
  perform task_ends(run, 'b', other);
  return tasks(run);
end
$$;
select is(pair('succeeded', 'succeeded'), 'a succeeded, b succeeded, any queued, bad skipped, good queued', 'both succeed');
select is(pair('succeeded', 'failed'), 'a succeeded, b failed, any queued, bad queued, good skipped', 'one fails');
select is(pair('cancelled', 'succeeded'), 'a cancelled, b succeeded, any queued, bad queued, good skipped', 'one is cancelled');

-- A skip goes on at once, as far as it leads.
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a"}, "c": {"type": "t", "needs": "b"}, "d": {"type": "t", "needs": "c"}}') as run \gset
select is(task_ends(:run, 'a', 'failed') || ': ' || tasks(:run), 'ok: a failed, b skipped, c skipped, d skipped', 'skips propagate');
select is(run_is(:run), 'failed', 'and the run is over');
select begun('{"a": {"type": "t"}, "b": {"type": "t", "needs": "a", "when": "failure"}}') as run \gset
select is(task_ends(:run, 'a') || ': ' || tasks(:run) || ': ' || run_is(:run), 'ok: a succeeded, b skipped: succeeded', 'a skip alone is no failure');

-- Conditions.
select begun(jsonb_build_object('a', '{"type": "t"}'::jsonb, 'b', jsonb_build_object('type', 't', 'needs', 'a', 'if', condition))) as run, condition, result, expected into temporary tried
from (values
  ('$.a.rows > 0', '{"rows": 1}', 'b queued'), ('$.a.rows > 0', '{"rows": 0}', 'b skipped'), ('exists($.a.rows)', '{"rows": 0}', 'b queued'),
  ('$.a.rows > 0', '{"rows": "many"}', 'b failed'), ('$.a', '{"rows": 1}', 'b failed'), ('strict $.a.rows > 0', '7', 'b failed'),
  ('$.a.d.datetime() < $.a.t.datetime()', '{"d": "2030-01-31", "t": "2030-01-31T00:00:00+01:00"}', 'b failed'),
  ('$' || repeat('.a', 6000) || ' == 1', (repeat('{"a": ', 6000) || '1' || repeat('}', 6000)), 'b failed'), ('$.a == null', null, 'b queued'), ('$.input.x == 1', '{}', 'b skipped')) v (condition, result, expected);
select is(task_ends(run, 'a', 'succeeded', result::jsonb) || ': ' || tasks(run), 'ok: a succeeded, ' || expected, format('if: %s of %s', left(condition, 100), left(result, 100))) from tried;
select is((task(run, 'b')).error ->> 'message', 'if: $.a.rows > 0 is neither true nor false here', 'what the failure says') from tried where result = '{"rows": "many"}';
select is((task(run, 'b')).error ->> 'type', 'ConditionError', 'and when the path itself fails') from tried where result = '7';

-- Nothing follows in a run that has ended.
select is(faultline._advance(r, null), '{}', 'nothing to do is no turn') from faultline.runs r where run_id = :run;
select healthy('healthy');

select * from finish();
rollback;
