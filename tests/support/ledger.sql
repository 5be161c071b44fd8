-- What the tests of the ledger share besides prelude and operating; they begin with \ir of this file. A transaction has
-- the name of its job, which is its request's.
\ir operating.sql

create function tap.transaction(name text) returns faultline.transactions language sql volatile security definer
as $$ select t from faultline.transactions t where t.transaction_id = transaction.name $$;

create function tap.effect(name text, effect text default 'charge') returns faultline.effects language sql volatile security definer
as $$ select f from faultline.effects f where f.transaction_id = effect.name and f.name = effect.effect $$;

create function tap.entry(name text) returns faultline.ledger_entries language sql volatile security definer
as $$ select e from faultline.ledger_entries e where e.transaction_id = entry.name $$;

-- How a transaction stands: its state, how its job ended, whether reconcile has to look, the states of its effects.
create function tap.stands(name text) returns text language sql volatile security definer
as $$
select concat_ws(' ', t.state, t.job_state, case when t.due_at is not null then 'due' end,
  (select string_agg(f.name || '=' || f.state || case when f.ask_at is not null then ' asked for' else '' end, ' ' order by f.name)
   from faultline.effects f where f.transaction_id = t.transaction_id))
from faultline.transactions t where t.transaction_id = stands.name
$$;

-- '{alice -100 EUR,bob 100 EUR}' as apply_ledger wants it.
create function tap.posts(variadic lines text[]) returns jsonb language sql immutable
as $$
select jsonb_agg(jsonb_build_object('account', split_part(l, ' ', 1), 'amount', split_part(l, ' ', 2), 'currency', split_part(l, ' ', 3)) order by o)
from unnest(lines) with ordinality u (l, o)
$$;

-- A transaction that was submitted, its job in a queue of its own; options: max_attempts.
create function tap.submitted(name text, options jsonb default '{}') returns bigint language sql volatile security definer
as $$
select faultline.submit_transaction(submitted.name, 't', jsonb_build_object('name', submitted.name), replace(submitted.name, ' ', '-'),
                                    max_attempts => (options ->> 'max_attempts')::int)
$$;

create function tap.at_work(name text, options jsonb default '{}') returns int language plpgsql volatile security definer
as $$
begin
  perform tap.submitted(at_work.name, options);
  return tap.claimed(at_work.name);
end
$$;

-- Submitted, claimed, applied; the job is left running.
create function tap.applied(name text, variadic lines text[] default '{}') returns bigint language plpgsql volatile security definer
as $$
begin
  perform tap.at_work(applied.name);
  return (select entry_id from faultline.apply_ledger(tap.id(applied.name), 1, applied.name, '{"done": true}',
    case when lines <> '{}' then tap.posts(variadic lines) end));
end
$$;

-- Money that went from one account to another: applied and completed.
create function tap.moved(name text, variadic lines text[]) returns bigint language plpgsql volatile security definer
as $$
declare
  entry bigint;
begin
  entry := tap.applied(moved.name, variadic lines);
  perform faultline.complete_job(tap.id(moved.name), 1);
  return entry;
end
$$;

-- The running job begins an effect and says what became of it: INIT, SENT, APPLIED, ABSENT.
create function tap.outside(name text, state text, effect text default 'charge') returns void language plpgsql volatile security definer
as $$
declare
  job faultline.jobs_live := tap.live(outside.name);
begin
  perform faultline.begin_effect(job.job_id, job.attempt, outside.name, outside.effect, '{"amount": 5}');
  if outside.state <> 'INIT' then
    perform faultline.effect_sent(job.job_id, job.attempt, outside.name, outside.effect);
  end if;
  if outside.state in ('APPLIED', 'ABSENT') then
    perform faultline.settle_effect(job.job_id, job.attempt, outside.name, outside.effect, outside.state, '{"receipt": 7}');
  end if;
end
$$;

-- What becomes of the running job of a transaction.
create function tap.job_ends(name text, how text) returns void language plpgsql volatile security definer
as $$
declare
  job faultline.jobs_live := tap.live(job_ends.name);
begin
  case how
    when 'running' then null;
    when 'queued' then perform faultline.release_job(job.job_id, job.attempt);
    when 'failed' then perform faultline.fail_job(job.job_id, job.attempt, '{}', false);
    when 'succeeded' then perform faultline.complete_job(job.job_id, job.attempt);
    when 'cancelled' then
      perform faultline.cancel_job(job.job_id);
      perform faultline.cancelled(job.job_id, job.attempt);
    when 'discarded' then
      perform faultline.fail_job(job.job_id, job.attempt, '{}', false);
      perform faultline.discard_job(job.job_id);
    -- As in a database into which the ledger alone was restored.
    when 'never was' then
      set local session_replication_role = replica;
      delete from faultline.jobs_live j where j.job_id = job.job_id;
      set local session_replication_role = origin;
  end case;
end
$$;

-- A pass of reconcile: what it returns, in the order of the names.
create function tap.reconciled(sweep boolean default true, max int default 1000, floor text default null) returns text
language sql volatile security definer
as $$
select coalesce(string_agg(r.transaction_id || ' ' || r.from_state || '→' || r.to_state, ', ' order by r.transaction_id), '')
from faultline.reconcile(reconciled.max, reconciled.floor, reconciled.sweep) r
$$;
