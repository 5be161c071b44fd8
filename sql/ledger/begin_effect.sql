-- Begins an effect outside the database, or finds it as an earlier attempt left it: its key, its state and what the outside
-- has answered. Commit this before you go on. For faultline_runner.
--   INIT      it never left: say effect_sent, commit, and send the request with the key
--   SENT      the request may have arrived: ask the outside. Send again, if it is not there, with the same key only
--   APPLIED   it has happened, response is what came back
--   ABSENT    it has not happened, and the outside refuses the key from now on
-- A transaction that nobody has submitted is made, with the job's type and payload as its kind and request. Several
-- effects may belong to one. Repeated, it returns the same.
-- Locks the job's row, then the transaction, then the effect. Errors: FL001 stale attempt; FL002 the transaction stands
-- for other work, or the effect for another request; FL003 the transaction has its entry, and no such effect; FL004;
-- FL005; FL006 the transaction has failed.
create function faultline.begin_effect(
  job_id bigint, attempt int, transaction_id text, name text, request jsonb default '{}',
  out key text, out state text, out response jsonb)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  job faultline.jobs_live;
  t faultline.transactions;
  e faultline.effects;
  hash bigint;
begin
  request := coalesce(request, '{}');
  perform faultline._check_transaction_id(transaction_id);
  perform faultline._check_name('effect', name);
  perform faultline._check_document('the request', request, true);
  hash := faultline._arguments_hash(name, request);
  job := faultline._lock_attempt(job_id, attempt);
  if job.job_id is null then
    e := faultline._lock_effect(job_id, attempt, transaction_id, name);
    if e.state in ('INIT', 'SENT') then
      perform faultline._answer(false, job_id, attempt, 'apply');
    end if;
  else
    t := faultline._lock_transaction(job, transaction_id);
    if t.job_id <> job_id then
      perform faultline._other_job(t);
    end if;
    select * into e
    from faultline.effects x
    where x.transaction_id = begin_effect.transaction_id and x.name = begin_effect.name
    for no key update;
    if not found then
      if t.state <> 'INIT' then
        raise exception using
          errcode = 'FL003', message = pg_catalog.format('transaction %L is %s: no effect can be begun any more', transaction_id, t.state),
          hint = 'Effects come before the entry.';
      end if;
      insert into faultline.effects (transaction_id, name, key, request, request_hash, attempt, created_at)
      values (transaction_id, name, faultline._effect_key(transaction_id, name), request, hash, attempt, pg_catalog.clock_timestamp())
      returning * into e;
    end if;
  end if;
  if e.request <> begin_effect.request then
    raise exception using
      errcode = 'FL002', message = pg_catalog.format('effect %s of transaction %L was begun with another request', name, transaction_id),
      hint = 'A key stands for one request: build it from the payload alone, not from the clock or the attempt.';
  end if;
  key := e.key;
  state := e.state;
  response := e.response;
end
$$;
comment on function faultline.begin_effect(bigint, int, text, text, jsonb)
is 'Begins an effect outside the database, or finds it as an earlier attempt left it: (key, state, response).';
grant execute on function faultline.begin_effect(bigint, int, text, text, jsonb) to faultline_runner;
