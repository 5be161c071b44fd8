\ir ../../support/workflows.sql
begin;
select * from no_plan();
-- What is large here is not worth the time that it takes to compress it.
alter table faultline.tasks alter result set storage external, alter value set storage external;

-- One answer has not much more than 32 MiB of that, nor of elements.
select begun('{"a": {"type": "t"}, "n": {"type": "t"}, "u": {"type": "t", "needs": "a"}, "v": {"type": "t", "needs": "a"}, "vn": {"type": "t", "needs": ["a", "n"]}, "w": {"type": "t", "needs": "a"}, "x": {"type": "t"}}') as run \gset
select faultline.trigger_workflow('w') as other \gset
select task_ends(r, 'a'), task_ends(r, 'n') from unnest(array[:run, :other]::bigint[]) r \g /dev/null
create function tap.answered(run bigint, size int, ids bigint[]) returns text language plpgsql volatile security definer as $$
begin
  update faultline.tasks t set result = to_jsonb(repeat('x', size - 22)) where t.run_id = run and t.name = 'a';
  return (select string_agg(c.name, ', ' order by c.job_id) from faultline.task_contexts(ids) c);
end
$$;
select is(answered(:run, 16777216, array(select task_job(:run, n) from unnest('{u,v,w,x}'::text[]) n)), 'u, v, w', 'an answer of 32 MiB takes one more task');
-- n is 11 bytes more.
select is(answered(:run, 16777211, array[task_job(:run, 'u'), task_job(:run, 'vn'), task_job(:other, 'vn')]), 'u, vn', 'one that has a byte more is over, also for the same task of another run');
select is(count(results), 1::bigint, 'what was left out is given when it is asked for again') from faultline.task_contexts(array[task_job(:run, 'w')]);
select begun('{"a": {"type": "t"}, "m": {"type": "t", "for_each": "input.l"}}', '{"l": [1, 2, 3, 4]}') as run \gset
update faultline.tasks set value = to_jsonb(repeat('x', 16777214)) where run_id = :run and item between 0 and 1;
select is(string_agg(c.name || coalesce(' ' || left(c.item::text, 2), ''), ', ' order by c.job_id), 'a, m "x, m "x, m 3', 'elements count, too: 32 MiB take one more, a byte more none')
from faultline.task_contexts(array(select task_job(:run, n) from unnest('{a,m[0],m[1],m[2],m[3]}'::text[]) n)) c;

select * from finish();
rollback;
