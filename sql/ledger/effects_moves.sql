-- The legal moves of an effect, whoever writes: born INIT; INIT → SENT → APPLIED or ABSENT. Its key and its request never
-- change, and it is never removed.
create function faultline._refuse_effect()
returns trigger
language plpgsql
as $$
begin
  raise exception using
    errcode = 'FL003',
    message = case
      when tg_op = 'INSERT' then pg_catalog.format('effect %s of transaction %L can not be born %s', new.name, new.transaction_id, new.state)
      when new.state <> old.state then
        pg_catalog.format('effect %s of transaction %L can not go from %s to %s', old.name, old.transaction_id, old.state, new.state)
      else pg_catalog.format('what effect %s of transaction %L is can not change', old.name, old.transaction_id)
    end,
    hint = 'INIT → SENT → APPLIED or ABSENT; name, key and request stay as they were begun.';
end
$$;
comment on function faultline._refuse_effect() is 'Private: raises FL003 for a move of an effect that is not legal.';

create trigger effects_born
before insert on faultline.effects
for each row
when (new.state <> 'INIT')
execute function faultline._refuse_effect();

create trigger effects_moves
before update on faultline.effects
for each row
when (
  not (
    new.state = old.state
    or (old.state = 'INIT' and new.state = 'SENT')
    or (old.state = 'SENT' and new.state in ('APPLIED', 'ABSENT'))
  )
  or (new.transaction_id, new.name, new.key, new.request_hash, new.request) is distinct from
    (old.transaction_id, old.name, old.key, old.request_hash, old.request)
)
execute function faultline._refuse_effect();

create trigger effects_stay
before delete on faultline.effects
for each row execute function faultline._refuse_change();

create trigger effects_not_truncated
before truncate on faultline.effects
for each statement execute function faultline._refuse_change();
