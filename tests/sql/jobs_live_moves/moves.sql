\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- The legal moves of a job, held by the database whoever writes: queued → running → queued | failed, failed → queued.
create function pg_temp.in_state(state text) returns text language plpgsql as $$
begin
  delete from faultline.jobs_live where payload ->> 'name' = 'job';
  case state when 'queued' then perform queued('job'); when 'running' then perform running('job'); when 'failed' then perform failed('job'); end case;
  return state;
end $$;
-- Writes a state with all the columns that go with it, so that only the move can be wrong.
create function pg_temp.move(state text, attempts int) returns text language sql as $$
select format('update faultline.jobs_live set state = %L, attempt = attempt + %s, lease_owner = %L, lease_expires_at = %L, finished_at = %L, failures = 0 where payload ->> ''name'' = ''job''',
  state, attempts, case state when 'running' then runner(1) end, case state when 'running' then clock_timestamp() + '1 hour' end, case state when 'failed' then clock_timestamp() end)
$$;
create temporary table legal (old text, new text, attempts int);
insert into legal values ('queued', 'queued', 0), ('running', 'running', 0), ('failed', 'failed', 0),
  ('queued', 'running', 1), ('running', 'queued', 0), ('running', 'failed', 0), ('failed', 'queued', 0);
select count(*) as all_moves from unnest(array['queued', 'running', 'failed']) old, unnest(array['queued', 'running', 'failed']) new, unnest(array[-1, 0, 1, 2]) attempts \gset
select is(:all_moves::bigint, 36::bigint, 'all moves there are');

create function pg_temp.try_move(old text, new text, attempts int) returns text language plpgsql as $$
begin
  perform pg_temp.in_state(old);
  if exists (select from legal l where (l.old, l.new, l.attempts) = (try_move.old, try_move.new, try_move.attempts)) then
    return lives_ok(pg_temp.move(new, attempts), format('%s → %s, attempt %s: legal', old, new, to_char(attempts, 'SG9')));
  end if;
  return refuses(pg_temp.move(new, attempts), 'FL003',
                 format('job %s can not go from %s (attempt %s) to %s (attempt %s)', id('job'), old, (live('job')).attempt, new, (live('job')).attempt + attempts),
                 format('%s → %s, attempt %s: refused', old, new, to_char(attempts, 'SG9')));
end $$;
select pg_temp.try_move(old, new, attempts)
from unnest(array['queued', 'running', 'failed']) old, unnest(array['queued', 'running', 'failed']) new, unnest(array[-1, 0, 1, 2]) attempts;

-- A job is born queued.
create function pg_temp.born(state text) returns text language sql as $$
select format('insert into faultline.jobs_live (job_id, ready_at, created_at, max_attempts, priority, state, type, queue, payload, attempt, lease_owner, lease_expires_at, finished_at)
  values (424242, now(), now(), 5, 2, %L, ''t'', ''q'', ''{}'', %s, %L, %L, %L)', state, case state when 'queued' then 0 else 1 end,
  case state when 'running' then runner(1) end, case state when 'running' then clock_timestamp() + '1 hour' end, case state when 'failed' then clock_timestamp() end)
$$;
select refuses(pg_temp.born(state), 'FL003', 'job 424242 can not be born ' || state, 'none is born ' || state) from unnest(array['running', 'failed', 'succeeded', 'nonsense']) state;
select lives_ok(pg_temp.born('queued'), 'a job is born queued');

-- Its id stays.
select pg_temp.in_state('queued');
select throws_ok('update faultline.jobs_live set job_id = job_id + 1000 where payload ->> ''name'' = ''job''', 'FL003', null, 'a job''s id never changes');
create function pg_temp.try_end(state text, ended text) returns text language plpgsql as $$
begin
  perform pg_temp.in_state(state);
  return refuses(format('update faultline.jobs_live set state = %L where job_id = %s', ended, id('job')), 'FL003',
                 format('job %s can not go from %s (attempt %s) to %s (attempt %3$s)', id('job'), state, (live('job')).attempt, ended),
                 format('no end is reached in jobs_live: %s → %s', state, ended));
end $$;
select pg_temp.try_end(state, ended) from unnest(array['queued', 'running', 'failed']) state, unnest(array['succeeded', 'cancelled', 'discarded', 'nonsense']) ended;
select pg_temp.in_state('queued');
set local role faultline_owner;
select throws_ok('update faultline.jobs_live set attempt = attempt + 1', 'FL003', null, 'the owner is held to it too');
reset role;

-- A CHECK ties the columns of a lease to running, and of an end to failed; failures are bounded.
select pg_temp.in_state('running');
select throws_ok('update faultline.jobs_live set ' || change || ' where payload ->> ''name'' = ''job''', '23514', null, 'running, but ' || change)
from unnest(array['lease_owner = null', 'lease_expires_at = null', 'finished_at = now()', 'failures = -1', 'failures = 6', 'priority = 0', 'priority = 5']) change;
select pg_temp.in_state('queued');
select throws_ok('update faultline.jobs_live set ' || change || ' where payload ->> ''name'' = ''job''', '23514', null, 'queued, but ' || change)
from unnest(array['lease_owner = gen_random_uuid()', 'lease_expires_at = now()', 'finished_at = now()', 'failures = max_attempts']) change;
select pg_temp.in_state('failed');
select throws_ok('update faultline.jobs_live set ' || change || ' where payload ->> ''name'' = ''job''', '23514', null, 'failed, but ' || change)
from unnest(array['lease_owner = gen_random_uuid()', 'lease_expires_at = now()', 'finished_at = null', 'failures = 6']) change;

-- The last move is held by the CHECK of jobs_done.
create function pg_temp.finished(from_state text, state text) returns text language sql as $$
select format('insert into faultline.jobs_done (job_id, finished_at, created_at, ready_at, attempt, failures, max_attempts, priority, from_state, state, type, queue, payload, tags)
  values (77, clock_timestamp(), now(), now(), 1, 0, 5, 2, %L, %L, ''t'', ''q'', ''{}'', ''{}'')', from_state, state)
$$;
select case when (f, s) in (('running', 'succeeded'), ('running', 'cancelled'), ('queued', 'cancelled'), ('failed', 'discarded'))
         then lives_ok(pg_temp.finished(f, s), format('%s → %s is legal', f, s))
         else throws_ok(pg_temp.finished(f, s), '23514', 'new row for relation "jobs_done_' || to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD') || '" violates check constraint "jobs_done_move"', format('%s → %s is refused', f, s)) end
from unnest(array['queued', 'running', 'failed', 'succeeded']) f, unnest(array['succeeded', 'cancelled', 'discarded', 'failed', 'queued', 'running']) s;

select * from finish();
rollback;
