-- Makes a runner known, and says that it is there: repeat it about every 10 s. queues NULL: it serves all of them.
-- Returns how many runners were seen within 30 s, this one included: among them they share what any runner does for all.
-- Counts to 1000. For faultline_runner. Locks the runner's row. Errors: FL004.
create function faultline.register_runner(runner uuid, host text, pid int, version text, queues text[] default null)
returns int
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
begin
  if register_runner.runner is null or register_runner.host is null or register_runner.pid is null or register_runner.version is null then
    perform faultline._invalid('runner, host, pid or version is NULL', 'A runner says who it is');
  end if;
  insert into faultline.runners as r (runner, host, pid, version, queues, started_at, last_seen_at)
  values (register_runner.runner, pg_catalog.left(register_runner.host, 255), register_runner.pid,
          pg_catalog.left(register_runner.version, 64), register_runner.queues, now_, now_)
  on conflict (runner) do update
  set host = excluded.host, pid = excluded.pid, version = excluded.version, queues = excluded.queues, last_seen_at = excluded.last_seen_at;
  return (select count(*) from (select from faultline.runners r where r.last_seen_at > now_ - interval '30 seconds' limit 1000) seen);
end
$$;
comment on function faultline.register_runner(uuid, text, int, text, text[]) is 'Makes a runner known, says that it is there, and returns how many are.';
grant execute on function faultline.register_runner(uuid, text, int, text, text[]) to faultline_runner;
