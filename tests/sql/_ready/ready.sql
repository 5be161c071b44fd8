\ir ../../support/workflows.sql

begin;
select * from no_plan();

-- Other versions, and other workflows, in which other tasks need these, or these need others; each of them has a run in which nothing is over, or all.
select faultline.put_workflow('{"name": "v", "tasks": {"a": {"type": "t"}, "m": {"type": "t"}, "o": {"type": "t"}, "b": {"type": "t", "needs": "o"}, "c": {"type": "t", "needs": "o"}, "e": {"type": "t", "needs": ["a", "o"]}, "d": {"type": "t", "needs": ["o", "a"]}}}'::jsonb || jsonb_build_object('name', name))
from unnest('{v,w,x}'::text[]) name \g /dev/null
select faultline.trigger_workflow(name) from unnest('{v,w,x}'::text[]) name \g /dev/null
select faultline.put_workflow('{"name": "v", "tasks": {"a": {"type": "t"}, "o": {"type": "t"}, "b": {"type": "t", "needs": "o"}, "c": {"type": "t", "needs": "o"}, "e": {"type": "t", "needs": "a"}}}') \g /dev/null
select faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t"}, "o": {"type": "t"}, "m": {"type": "t", "for_each": "input.l"}, "b": {"type": "t", "needs": "a"}, "c": {"type": "t", "needs": ["m", "a"]}, "d": {"type": "t", "needs": ["b", "o"]}, "e": {"type": "t"}}}') as version \gset
select is(:version, 2, 'the second version');
select faultline.trigger_workflow('w', '{"l": [1, 2]}') as over \gset
update faultline.tasks set state = 'succeeded', finished_at = now() where run_id = :over;
select faultline.trigger_workflow('w', '{"l": [1, 2]}') as run \gset
-- As after a resume: items that wait make nothing ready, and the for_each not twice.
update faultline.tasks set state = 'waiting' where run_id = :run and item >= 0;
select faultline.put_workflow(jsonb_set(spec, '{tasks}', spec -> 'tasks' || '{"e": {"type": "t", "needs": "a"}}')) from faultline.workflows where workflow = 'w' and version = 1 \g /dev/null
select faultline.trigger_workflow('w', '{"l": [1, 2]}') \g /dev/null

create function tap.ready(run bigint, ended text[], states text[]) returns text language plpgsql volatile security definer as $$
begin
  update faultline.tasks t
  set state = s.state, job_id = 1, finished_at = case when s.state not in ('waiting', 'queued', 'running') then now() end
  from unnest(array['a', 'o', 'm', 'b', 'c', 'd', 'e'], states) s (name, state)
  where t.run_id = run and t.name = s.name and t.item = -1;
  return (select string_agg(y.name, ' ' order by y.name) from faultline.runs r, faultline._ready(r, ended) as y (name) where r.run_id = run);
end
$$;
select is(ready(:run, ended, states), names, format('%s: %s', coalesce(ended::text, 'all'), states))
from (values
  -- a, o, m, b, c, d, e
  (null::text[], '{waiting,waiting,waiting,waiting,waiting,waiting,waiting}'::text[], 'a e m o'),
  (null, '{queued,running,queued,waiting,waiting,waiting,succeeded}', null),
  (null, '{succeeded,running,running,waiting,waiting,waiting,succeeded}', 'b'),
  (null, '{succeeded,failed,succeeded,skipped,waiting,waiting,succeeded}', 'c d'),
  ('{a}', '{succeeded,waiting,succeeded,waiting,waiting,waiting,waiting}', 'b c'),
  ('{a}', '{succeeded,waiting,running,waiting,waiting,waiting,waiting}', 'b'),
  ('{a}', '{succeeded,waiting,queued,queued,waiting,waiting,waiting}', null),
  ('{a}', '{succeeded,waiting,waiting,running,waiting,waiting,waiting}', null),
  ('{m,a}', '{succeeded,waiting,failed,waiting,waiting,waiting,waiting}', 'b c'),
  ('{m}', '{cancelled,waiting,failed,waiting,waiting,waiting,waiting}', 'c'),
  ('{b}', '{succeeded,skipped,failed,cancelled,succeeded,waiting,waiting}', 'd'),
  ('{o}', '{succeeded,succeeded,failed,waiting,waiting,waiting,waiting}', null),
  ('{d,e}', '{succeeded,succeeded,succeeded,succeeded,waiting,succeeded,succeeded}', null)) v (ended, states, names);

select * from finish();
rollback;
