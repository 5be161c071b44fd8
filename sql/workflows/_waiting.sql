-- The tasks that need one of these, once each; NULL: all tasks of the run.
create function faultline._waiting(r faultline.runs, ended text[])
returns setof text
language plpgsql
as $$
begin
  if ended is null then
    return query select t.name from faultline.tasks t where t.run_id = r.run_id and t.item = -1 and t.state = 'waiting' order by t.ordinal;
  else
    return query
    select distinct d.task
    from faultline.task_dependencies d
    where d.workflow = r.workflow and d.version = r.version and d.needs = any (ended);
  end if;
end
$$;
comment on function faultline._waiting(faultline.runs, text[]) is 'Private: the tasks of a run that need one of these.';
