-- Writes what became of a locked effect; see settle_effect and answer_effect. An UNKNOWN counts as one more ask.
create function faultline._settle_effect(e faultline.effects, state text, response jsonb)
returns text
language plpgsql
as $$
#variable_conflict use_variable
declare
  now_ constant timestamptz := pg_catalog.clock_timestamp();
begin
  if state is null or state not in ('APPLIED', 'ABSENT', 'UNKNOWN') then
    perform faultline._invalid(
      pg_catalog.format('state %s is no outcome of an effect', coalesce(pg_catalog.quote_literal(pg_catalog.left(state, 100)), 'NULL')),
      'APPLIED, ABSENT or UNKNOWN');
  end if;
  if e.state = state then
    return state;
  end if;
  if e.state <> 'SENT' then
    raise exception using
      errcode = 'FL003', message = pg_catalog.format('effect %s of transaction %L is %s and can not become %s', e.name, e.transaction_id, e.state, state),
      hint = case e.state when 'INIT' then 'effect_sent comes first.' else 'What was settled stays.' end;
  end if;
  if state = 'UNKNOWN' then
    update faultline.effects x
    set asks = x.asks + 1, unknown_since = coalesce(x.unknown_since, now_), answer = pg_catalog.left(response #>> '{}', 1000)
    where x.transaction_id = e.transaction_id and x.name = e.name;
    return 'SENT';
  end if;
  update faultline.effects x
  set state = _settle_effect.state, response = _settle_effect.response, settled_at = now_, unknown_since = null, ask_at = null, answer = null
  where x.transaction_id = e.transaction_id and x.name = e.name;
  return state;
end
$$;
comment on function faultline._settle_effect(faultline.effects, text, jsonb) is 'Private: writes what became of a locked effect.';
