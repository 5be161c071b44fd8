-- Promises 7 to 9, as far as rows can show them. A promise of liveness is broken only when it is overdue by more than a
-- minute: reconcilers need a moment.
create function faultline._verify_ledger()
returns table (promise int, check_name text, subject text, detail text)
language plpgsql stable
as $$
declare
  overdue constant timestamptz := case pg_catalog.current_setting('transaction_isolation')
    when 'read committed' then pg_catalog.clock_timestamp() else pg_catalog.transaction_timestamp() end - interval '1 minute';
begin
  return query
  select 7, 'applied_without_entry', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is %s and has no entry', t.state)
  from faultline.transactions t
  where t.state in ('APPLIED', 'RECONCILED')
    and not exists (select from faultline.ledger_entries e where e.transaction_id = t.transaction_id);

  return query
  select 7, 'entry_without_transaction', 'entry ' || e.entry_id, pg_catalog.format('there is no transaction %L', e.transaction_id)
  from faultline.ledger_entries e
  where not exists (select from faultline.transactions t where t.transaction_id = e.transaction_id);

  return query
  select 7, 'entry_of_other_job', 'entry ' || e.entry_id,
    pg_catalog.format('it is that of job %s, but transaction %L is that of job %s', e.job_id, e.transaction_id, t.job_id)
  from faultline.ledger_entries e
  join faultline.transactions t on t.transaction_id = e.transaction_id
  where t.job_id <> e.job_id
    -- Its own earlier job, before reconcile gave it another, is no other transaction's.
    and exists (select from faultline.transactions o where o.job_id = e.job_id);

  return query
  select 7, 'entry_with_open_effect', 'entry ' || e.entry_id, pg_catalog.format('effect %s of transaction %L is SENT, and nobody will ask for it', f.name, f.transaction_id)
  from faultline.ledger_entries e
  join faultline.effects f on f.transaction_id = e.transaction_id and f.state = 'SENT';

  return query
  select 7, 'entered_twice', v.what, pg_catalog.format('it has %s entries', count(*))
  from (
    select e.entry_id, pg_catalog.format('transaction %L', e.transaction_id) as what from faultline.ledger_entries e
    union all
    select e.entry_id, 'job ' || e.job_id from faultline.ledger_entries e
  ) v
  group by v.what
  having count(*) > 1;

  return query
  select 7, 'unbalanced_entry', 'entry ' || p.entry_id, pg_catalog.format('its postings in %s add up to %s', p.currency, sum(p.amount))
  from faultline.postings p
  group by p.entry_id, p.currency
  having sum(p.amount) <> 0;

  return query
  select 7, 'posting_without_entry', 'posting ' || p.posting_id, pg_catalog.format('there is no entry %s', p.entry_id)
  from faultline.postings p
  where not exists (select from faultline.ledger_entries e where e.entry_id = p.entry_id);

  return query
  select 7, 'balance_wrong', pg_catalog.format('account %s in %s', coalesce(c.account, p.account), coalesce(c.currency, p.currency)),
    pg_catalog.format('its checkpoint says %s, its postings up to there add up to %s', coalesce(c.balance, 0), coalesce(p.amount, 0))
  from faultline.account_checkpoints c
  full join (
    select p.account, p.currency, sum(p.amount) as amount
    from faultline.postings p
    where p.posting_id <= (select w.folded_to from faultline.ledger_checkpoint w)
    group by p.account, p.currency
  ) p on p.account = c.account and p.currency = c.currency
  where coalesce(c.balance, 0) <> coalesce(p.amount, 0);

  return query
  select 7, 'below_floor', pg_catalog.format('account %s in %s', a.account, a.currency), pg_catalog.format('it is at %s, its floor is %s', b.balance, a.floor)
  from faultline.accounts a
  cross join lateral faultline._balance(a.account, a.currency) as b (balance)
  where b.balance < a.floor;

  return query
  select 8, 'failed_with_entry', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is FAILED, and entry %s says that it has happened', e.entry_id)
  from faultline.transactions t
  join faultline.ledger_entries e on e.transaction_id = t.transaction_id
  where t.state = 'FAILED';

  return query
  select 8, 'failed_with_effect', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is FAILED, and its effect %s is %s', f.name, f.state)
  from faultline.transactions t
  join faultline.effects f on f.transaction_id = t.transaction_id
  where t.state = 'FAILED' and f.state in ('SENT', 'APPLIED');

  return query
  select 9, 'settled_too_late', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is %s and should have been settled at %s', t.state, t.due_at)
  from faultline.transactions t
  where t.due_at < overdue;

  return query
  select 9, 'init_outlives_job', pg_catalog.format('transaction %L', t.transaction_id),
    pg_catalog.format('it is INIT, %s', case
      when t.job_state is not null then pg_catalog.format('its job %s ended %s, and no effect of it is waited for', t.job_id, t.job_state)
      else pg_catalog.format('and there is no job %s', t.job_id) end)
  from faultline.transactions t
  where t.state = 'INIT' and t.created_at < overdue and t.due_at is null
    and not exists (select from faultline.jobs_live j where j.job_id = t.job_id)
    and not exists (select from faultline.jobs_done d where d.job_id = t.job_id and d.finished_at > overdue)
    and not exists (select from faultline.effects f where f.transaction_id = t.transaction_id and f.state = 'SENT' and f.ask_at is not null);

  return query
  select 9, 'init_with_entry', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is INIT, but entry %s says that it has happened', e.entry_id)
  from faultline.transactions t
  join faultline.ledger_entries e on e.transaction_id = t.transaction_id
  where t.state = 'INIT' and e.applied_at < overdue;

  return query
  select 9, 'applied_not_reconciled', pg_catalog.format('transaction %L', t.transaction_id), pg_catalog.format('it is APPLIED, and its job %s has not been running for more than a minute', t.job_id)
  from faultline.transactions t
  join faultline.ledger_entries e on e.transaction_id = t.transaction_id
  where t.state = 'APPLIED' and t.due_at is null and e.applied_at < overdue
    and not exists (select from faultline.jobs_live j where j.job_id = t.job_id and (j.state = 'running' or j.ready_at > overdue))
    and not exists (select from faultline.jobs_done d where d.job_id = t.job_id and d.finished_at > overdue);
end
$$;
comment on function faultline._verify_ledger() is 'Private: violations of promises 7 to 9.';
