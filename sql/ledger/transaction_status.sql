-- One transaction as an object: transaction_id, kind, request, state, reason, job_id, job_state, created_at, settled_at,
-- entry (entry_id, attempt, effect, applied_at, postings) or null, effects; NULL if there is none. For
-- faultline_producer and faultline_observer. Locks no row.
create function faultline.transaction_status(transaction_id text)
returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
#variable_conflict use_variable
begin
  return (
    select pg_catalog.jsonb_build_object(
      'transaction_id', t.transaction_id, 'kind', t.kind, 'request', t.request, 'state', t.state, 'reason', t.reason,
      'job_id', t.job_id, 'job_state', t.job_state, 'created_at', t.created_at, 'settled_at', t.settled_at,
      'entry', (
        select pg_catalog.jsonb_build_object(
          'entry_id', e.entry_id, 'attempt', e.attempt, 'effect', e.effect, 'applied_at', e.applied_at,
          'postings', coalesce((
            select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('account', p.account, 'amount', p.amount, 'currency', p.currency) order by p.posting_id)
            from faultline.postings p
            where p.entry_id = e.entry_id), '[]'))
        from faultline.ledger_entries e
        where e.transaction_id = t.transaction_id),
      'effects', coalesce((
        select pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'name', f.name, 'key', f.key, 'state', f.state, 'request', f.request, 'response', f.response, 'attempt', f.attempt,
            'sent_at', f.sent_at, 'unknown_since', f.unknown_since, 'asks', f.asks, 'answer', f.answer)
          order by f.created_at, f.name)
        from faultline.effects f
        where f.transaction_id = t.transaction_id), '[]'))
    from faultline.transactions t
    where t.transaction_id = transaction_status.transaction_id);
end
$$;
comment on function faultline.transaction_status(text) is 'One transaction as an object, with its entry, postings and effects, or NULL.';
grant execute on function faultline.transaction_status(text) to faultline_producer, faultline_observer;
