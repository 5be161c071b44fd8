-- A verdict for each report of a group, in the order of the arrays: 'ok' for those that were accepted (done_ids, done_attempts),
-- 'repeat' for those that had been before, else 'stale', which is recorded. No such job is 'stale' too.
create function faultline._verdicts(job_ids bigint[], attempts int[], done_ids bigint[], done_attempts int[], verb text)
returns table (job_id bigint, verdict text)
language plpgsql
as $$
#variable_conflict use_column
declare
  item record;
begin
  -- A window and not a join, which would be a nested loop in who calls this, and take seconds for 10 000.
  for item in
    select w.job_id, w.attempt, w.accepted
    from (
      select v.job_id, v.attempt, v.ordinal, bool_or(v.ordinal is null) over (partition by v.job_id, v.attempt) as accepted
      from (
        select * from unnest(job_ids, attempts) with ordinality
        union all
        select *, null from unnest(done_ids, done_attempts)
      ) v (job_id, attempt, ordinal)
    ) w
    where w.ordinal is not null
    order by w.ordinal
  loop
    job_id := item.job_id;
    verdict := 'ok';
    if not item.accepted then
      verdict := case faultline._refused(item.job_id, item.attempt, verb) when 'repeat' then 'repeat' else 'stale' end;
      if verdict = 'stale' then
        perform faultline._record_stale(item.job_id, item.attempt, verb, null);
      end if;
    end if;
    return next;
  end loop;
end
$$;
comment on function faultline._verdicts(bigint[], int[], bigint[], int[], text)
is 'Private: ok, repeat or stale for each report of a group, in its order; records what is stale.';
