\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- The legal moves, held by the database whoever writes: INIT → SENT → APPLIED or ABSENT.
select submitted('x');
create function pg_temp.columns_of(state text, out sent_at timestamptz, out settled_at timestamptz) language sql as $$
select case when state <> 'INIT' then now() end, case when state in ('APPLIED', 'ABSENT') then now() end $$;
create function pg_temp.born(state text) returns text language sql as $$
select format('insert into faultline.effects (transaction_id, name, key, request, request_hash, attempt, created_at, state, sent_at, settled_at) values (''x'', ''e'', ''k'', ''{}'', 7, 1, now(), %L, %L, %L)',
  state, c.sent_at, c.settled_at) from pg_temp.columns_of(state) c $$;
create function pg_temp.in_state(state text) returns void language plpgsql as $$
begin
  set local session_replication_role = replica;
  delete from faultline.effects;
  execute pg_temp.born(state);
  set local session_replication_role = origin;
end
$$;
create function pg_temp.move(state text) returns text language sql as $$
select format('update faultline.effects set state = %L, sent_at = %L, settled_at = %L', state, c.sent_at, c.settled_at) from pg_temp.columns_of(state) c $$;
create function pg_temp.try_move(old text, new text) returns text language plpgsql as $$
begin
  perform pg_temp.in_state(old);
  if old = new or (old, new) in (('INIT', 'SENT'), ('SENT', 'APPLIED'), ('SENT', 'ABSENT')) then
    return lives_ok(pg_temp.move(new), format('%s → %s: legal', old, new));
  end if;
  return refuses(pg_temp.move(new), 'FL003', format('effect e of transaction ''x'' can not go from %s to %s', old, new), format('%s → %s: refused', old, new));
end $$;
select pg_temp.try_move(old, new)
from unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) old, unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT', 'nonsense']) new;

set local session_replication_role = replica;
delete from faultline.effects;
set local session_replication_role = origin;
select refuses(pg_temp.born(state), 'FL003', 'effect e of transaction ''x'' can not be born ' || state, 'none is born ' || state) from unnest(array['SENT', 'APPLIED', 'ABSENT', 'nonsense']) state;
select lives_ok(pg_temp.born('INIT'), 'one is born INIT');

select pg_temp.in_state('SENT');
select refuses('update faultline.effects set ' || change, 'FL003', 'what effect e of transaction ''x'' is can not change', change || ' is refused')
from unnest(array['transaction_id = ''y''', 'name = ''f''', 'key = ''l''', 'request_hash = 8']) change;
select lives_ok('update faultline.effects set ' || change, change || ' is legal') from unnest(array['attempt = 2', 'asks = 3', 'ask_at = now()', 'unknown_since = now()', 'answer = ''a''']) change;

select refuses('delete from faultline.effects', 'FL003', 'a row of effects is never removed', 'DELETE is refused');
select refuses('truncate faultline.effects', 'FL003', 'a row of effects is never removed', 'TRUNCATE is refused');
set local role faultline_owner;
select throws_ok('delete from faultline.effects', 'FL003', null, 'to the owner too');
select throws_ok('update faultline.effects set key = ''other''', 'FL003', null, 'and so is another key');
reset role;

select * from finish();
rollback;
