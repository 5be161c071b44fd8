-- apply_ledger and complete_job in one, in one order of locks: all that apply_ledger says holds, and the job is completed
-- with the result. created = false: the entry was there, the job is completed with it. For faultline_runner.
-- Errors: those of apply_ledger; FL004 also for a result over 256 KiB.
create function faultline.apply_and_complete(
  job_id bigint, attempt int, transaction_id text, effect jsonb, postings jsonb default null, result jsonb default null,
  out entry_id bigint, out created boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  entry constant record := faultline._apply(job_id, attempt, transaction_id, effect, postings, true);
begin
  entry_id := entry.entry_id;
  created := entry.created;
  perform faultline.complete_job(job_id, attempt, result);
end
$$;
comment on function faultline.apply_and_complete(bigint, int, text, jsonb, jsonb, jsonb)
is 'apply_ledger and complete_job in one: (entry_id, created).';
grant execute on function faultline.apply_and_complete(bigint, int, text, jsonb, jsonb, jsonb) to faultline_runner;
