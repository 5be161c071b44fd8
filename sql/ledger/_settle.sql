-- Settles a locked transaction as far as what is known allows. Returns its new state, 'INIT' if it was given its job again,
-- NULL if nothing changed. See reconcile for the rules.
create function faultline._settle(t faultline.transactions)
returns text
language plpgsql
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
  job_state_ text := t.job_state;
  live text;
  entered boolean;
  applied record;
  to_state text;
begin
  if t.settled_at is not null then
    return null;
  end if;
  if job_state_ is null then
    -- By the transaction too: in a database restored from elsewhere the job of this id may be another.
    select j.state into live from faultline.jobs_live j where j.job_id = t.job_id and j.transaction_id = t.transaction_id;
    if not found then
      select d.state into job_state_
      from faultline.jobs_done d
      where d.job_id = t.job_id and d.type = t.kind
        and coalesce(d.payload, (select p.payload from faultline.payloads p where p.job_id = d.job_id)) = t.request;
    end if;
  end if;
  entered := exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id);

  if not entered and t.state = 'INIT' and job_state_ is not null then
    -- The job is over, and left no entry.
    if exists (select from faultline.effects e where e.transaction_id = t.transaction_id and e.state = 'SENT') then
      update faultline.effects e
      set ask_at = now_
      where e.transaction_id = t.transaction_id and e.state = 'SENT' and e.ask_at is null;
    else
      select max(e.attempt) as attempt, pg_catalog.jsonb_object_agg(e.name, pg_catalog.jsonb_build_object('state', e.state, 'key', e.key, 'response', e.response)) as effects
      into applied
      from faultline.effects e
      where e.transaction_id = t.transaction_id
      having bool_or(e.state = 'APPLIED');
      if found then
        insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at)
        values (t.transaction_id, t.job_id, applied.attempt,
                pg_catalog.jsonb_build_object('settled_by', 'reconcile', 'job_state', job_state_, 'effects', applied.effects), now_);
        entered := true;
      else
        to_state := 'FAILED';
      end if;
    end if;
  elsif not entered and t.state = 'INIT' and live is null then
    perform faultline._submit_again(t);
    return 'INIT';
  end if;

  if entered and t.state = 'INIT' then
    update faultline.transactions x set state = 'APPLIED', job_state = job_state_ where x.transaction_id = t.transaction_id;
    to_state := 'APPLIED';
  end if;
  if entered and live is distinct from 'running' then
    to_state := 'RECONCILED';
  end if;
  if to_state in ('RECONCILED', 'FAILED') then
    update faultline.transactions x
    set state = to_state, settled_at = now_, due_at = null, job_state = job_state_,
        reason = case to_state when 'FAILED' then pg_catalog.format('its job %s ended %s and left no entry', t.job_id, job_state_) end
    where x.transaction_id = t.transaction_id;
  else
    update faultline.transactions x
    set due_at = null, job_state = job_state_
    where x.transaction_id = t.transaction_id and (x.due_at is not null or x.job_state is distinct from job_state_);
  end if;
  return to_state;
end
$$;
comment on function faultline._settle(faultline.transactions) is 'Private: settles a locked transaction as far as what is known allows.';
