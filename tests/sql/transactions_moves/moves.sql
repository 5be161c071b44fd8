\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- The legal moves, held by the database whoever writes: INIT → APPLIED → RECONCILED, INIT → FAILED.
create function pg_temp.in_state(state text) returns void language plpgsql as $$
begin
  set local session_replication_role = replica;
  delete from faultline.transactions;
  insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, state, reason, created_at, settled_at)
  values ('x', 't', '{"a": 1}', 7, 1, state, case state when 'FAILED' then 'r' end, now(), case when state in ('RECONCILED', 'FAILED') then now() end);
  set local session_replication_role = origin;
end
$$;
-- Writes a state with all the columns that go with it, so that only the move can be wrong.
create function pg_temp.move(state text) returns text language sql as $$
select format('update faultline.transactions set state = %L, reason = %L, settled_at = %L', state, case state when 'FAILED' then 'r' end, case when state in ('RECONCILED', 'FAILED') then now() end)
$$;
create function pg_temp.try_move(old text, new text) returns text language plpgsql as $$
begin
  perform pg_temp.in_state(old);
  if old = new or (old, new) in (('INIT', 'APPLIED'), ('APPLIED', 'RECONCILED'), ('INIT', 'FAILED')) then
    return lives_ok(pg_temp.move(new), format('%s → %s: legal', old, new));
  end if;
  return refuses(pg_temp.move(new), 'FL003', format('transaction ''x'' can not go from %s to %s', old, new), format('%s → %s: refused', old, new));
end $$;
select pg_temp.try_move(old, new)
from unnest(array['INIT', 'APPLIED', 'RECONCILED', 'FAILED']) old, unnest(array['INIT', 'APPLIED', 'RECONCILED', 'FAILED', 'nonsense']) new;

-- It is born INIT.
create function pg_temp.born(state text) returns text language sql as $$
select format('insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, state, reason, created_at, settled_at) values (''y'', ''t'', ''{}'', 7, 2, %L, %L, now(), %L)',
  state, case state when 'FAILED' then 'r' end, case when state in ('RECONCILED', 'FAILED') then now() end) $$;
select pg_temp.in_state('INIT');
select refuses(pg_temp.born(state), 'FL003', 'transaction ''y'' can not be born ' || state, 'none is born ' || state) from unnest(array['APPLIED', 'RECONCILED', 'FAILED', 'nonsense']) state;
select lives_ok(pg_temp.born('INIT'), 'one is born INIT');

-- What it is stays; its job may be another one while it is INIT; how its job ended is said once.
create function pg_temp.try_change(state text, change text, legal boolean) returns text language plpgsql as $$
begin
  perform pg_temp.in_state(state);
  if legal then
    return lives_ok('update faultline.transactions set ' || change, format('%s: %s is legal', state, change));
  end if;
  return refuses('update faultline.transactions set ' || change, 'FL003', 'what transaction ''x'' is can not change', format('%s: %s is refused', state, change));
end $$;
select pg_temp.try_change(state, change, change in ('job_state = ''succeeded''', 'options = ''{"queue": "q"}''', 'created_at = now()') or change = 'job_id = 2' and state = 'INIT')
from unnest(array['INIT', 'APPLIED', 'RECONCILED', 'FAILED']) state,
  unnest(array['transaction_id = ''y''', 'kind = ''u''', 'request_hash = 8', 'request = ''{"b": 1}''', 'job_id = 2', 'job_state = ''succeeded''', 'options = ''{"queue": "q"}''', 'created_at = now()']) change;
select pg_temp.in_state('INIT');
update faultline.transactions set job_state = 'succeeded';
select refuses('update faultline.transactions set job_state = ' || s, 'FL003', 'what transaction ''x'' is can not change', 'how its job ended stays: ' || s) from unnest(array['''cancelled''', 'null']) s;
select lives_ok('update faultline.transactions set job_state = ''succeeded'', state = ''APPLIED''', 'the same again is no change');

-- It is never removed, and neither is the owner free to.
select refuses('delete from faultline.transactions', 'FL003', 'a row of transactions is never removed', 'DELETE is refused');
select refuses('truncate faultline.transactions cascade', 'FL003', 'a row of transactions is never removed', 'TRUNCATE is refused');
set local role faultline_owner;
select throws_ok('delete from faultline.transactions', 'FL003', null, 'to the owner too');
select throws_ok('update faultline.transactions set state = ''INIT''', 'FL003', null, 'and so is a move');
reset role;

select * from finish();
rollback;
