-- Raises FL004 unless the value is an amount: a number, or a text that is one, below 1e20 and with at most 18 decimals.
create function faultline._check_amount(what text, amount jsonb)
returns void
language plpgsql
as $$
declare
  value numeric;
begin
  begin
    value := (amount #>> '{}')::numeric;
  exception when data_exception then
    null;
  end;
  if value is null then
    perform faultline._invalid(
      pg_catalog.format('%s %s is not a number', what, pg_catalog.left(coalesce(amount::text, 'NULL'), 100)), 'Write it as 12.50 or "12.50"');
  end if;
  if not (abs(value) < 1e20 and scale(value) <= 18) then
    perform faultline._invalid(
      pg_catalog.format('%s %s is out of bounds', what, pg_catalog.left(amount::text, 100)), 'It is below 1e20 and has at most 18 decimals');
  end if;
end
$$;
comment on function faultline._check_amount(text, jsonb) is 'Private: raises FL004 unless the value is an amount.';
