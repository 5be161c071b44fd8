-- Does all that follows in a family of runs, until nothing does: runs that have just begun (they have no tasks yet) get
-- theirs, those that were resumed go on, and runs that ended as a task of another end that task. A list and no recursion: ten thousand children may end as
-- soon as they begin. The root is locked.
create function faultline._follow(turns bigint[])
returns void
language plpgsql
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  turn int := 1;
  r faultline.runs;
  more bigint[];
begin
  while turn <= pg_catalog.cardinality(turns) loop
    select * into r from faultline.runs x where x.run_id = turns[turn];
    if r.state = 'running' then
      perform from faultline.tasks t where t.run_id = r.run_id limit 1;
      if not found then
        insert into faultline.tasks (run_id, name, ordinal)
        select r.run_id, w.task, w.ordinal
        from faultline.workflow_tasks w
        where w.workflow = r.workflow and w.version = r.version;
      end if;
      more := faultline._advance(r, null);
    else
      more := faultline._child_ended(r);
    end if;
    if pg_catalog.cardinality(more) > 0 then
      turns := turns || more;
    end if;
    turn := turn + 1;
  end loop;
end
$$;
comment on function faultline._follow(bigint[]) is 'Private: does all that follows in a family of runs.';
