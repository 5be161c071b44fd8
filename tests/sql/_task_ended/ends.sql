\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- The job of a task, and of an item; name and item are those of the job.
select begun('{"a": {"type": "t"}, "b": {"type": "t"}, "l": {"type": "t", "for_each": "input.l"}}', (select jsonb_build_object('l', jsonb_agg(n)) from generate_series(1, 12) n)) as run \gset
create function tap.over(run bigint) returns text language sql volatile security definer as $$
select string_agg(faultline._task_name(t.name, t.item) || ' ' || t.state || ' ' || coalesce(t.error::text, 'none'), ', ' order by t.name, t.item) from faultline.tasks t where t.run_id = run and t.finished_at is not null
$$;
select faultline._task_ended(j, 'failed', '{"message": "broken"}') from faultline.jobs_live j where j.run_id = :run and j.task = 'a' \g /dev/null
select is(over(:run), 'a failed {"message": "broken"}', 'a task');
select faultline._task_ended(j, 'cancelled', null) from faultline.jobs_live j where j.run_id = :run and j.task = 'l[11]' \g /dev/null
select is(over(:run), 'a failed {"message": "broken"}, l[11] cancelled none', 'an item');

select * from finish();
rollback;
