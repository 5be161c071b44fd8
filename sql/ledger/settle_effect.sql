-- Says what became of an effect that was sent. For faultline_runner.
--   state     APPLIED: it has happened, response is what came back. ABSENT: it has not, and the outside refuses the key
--             from now on ("not found" alone is no proof). UNKNOWN: nobody knows yet, it stays SENT; response may say why
-- Returns the effect's state. Repeated, it returns the same and changes nothing; the first response stays.
-- Locks the job's row, then the transaction, then the effect. Errors: FL001 stale attempt; FL003 it was not sent, or is
-- settled otherwise; FL004; FL005 it was not begun; FL006 the transaction has failed.
create function faultline.settle_effect(
  job_id bigint, attempt int, transaction_id text, name text, state text, response jsonb default null)
returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  e faultline.effects;
begin
  perform faultline._check_document('the response', response, false);
  e := faultline._lock_effect(job_id, attempt, transaction_id, name);
  if e.state in ('INIT', 'SENT') and not faultline._is_running(job_id, attempt) then
    -- The attempt is over, and what became of it is for whoever reconciles to find out.
    perform faultline._answer(false, job_id, attempt, 'apply');
  end if;
  return faultline._settle_effect(e, state, response);
end
$$;
comment on function faultline.settle_effect(bigint, int, text, text, text, jsonb) is 'Says what became of an effect that was sent: APPLIED, ABSENT, or UNKNOWN.';
grant execute on function faultline.settle_effect(bigint, int, text, text, text, jsonb) to faultline_runner;
