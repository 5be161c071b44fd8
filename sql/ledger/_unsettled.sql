-- At most max transactions that could be settled though nothing has told reconcile to look: one walk over what is INIT or
-- APPLIED, and index probes for each: offset 0 keeps the planner from reading all entries or jobs into a hash instead.
create function faultline._unsettled(max int)
returns setof text
language plpgsql
as $$
begin
  return query
  select t.transaction_id
  from faultline.transactions t
  where t.state = 'APPLIED' and t.due_at is null
    and not exists (
      select from faultline.jobs_live j where j.job_id = t.job_id and j.transaction_id = t.transaction_id and j.state = 'running' offset 0)
    and exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id offset 0)
  limit _unsettled.max;
  return query
  select t.transaction_id
  from faultline.transactions t
  where t.state = 'INIT' and t.due_at is null
    and (exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id offset 0)
         or t.job_state is not null
            and not exists (
              select from faultline.effects e where e.transaction_id = t.transaction_id and e.ask_at is not null offset 0)
         or t.job_state is null
            and not exists (
              select from faultline.jobs_live j where j.job_id = t.job_id and j.transaction_id = t.transaction_id offset 0))
  limit _unsettled.max;
end
$$;
comment on function faultline._unsettled(int) is 'Private: transactions that could be settled though nothing has told reconcile to look.';
