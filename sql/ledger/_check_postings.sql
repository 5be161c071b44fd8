-- Raises FL004, with the place, unless the value is an array of postings: 1 to 1000 objects of account, amount and
-- currency, whose amounts add up to zero in each currency. NULL passes.
create function faultline._check_postings(postings jsonb)
returns void
language plpgsql
as $$
declare
  usage constant text := 'For example [{"account": "alice", "amount": -100, "currency": "EUR"}, {"account": "bob", "amount": 100, "currency": "EUR"}]';
  posting jsonb;
  unknown text;
  place int := 0;
  total record;
begin
  if postings is null then
    return;
  end if;
  if pg_catalog.jsonb_typeof(postings) <> 'array' then
    perform faultline._invalid(pg_catalog.format('postings is not an array but of type %s', pg_catalog.jsonb_typeof(postings)), usage);
  end if;
  if pg_catalog.jsonb_array_length(postings) not between 1 and 1000 then
    perform faultline._invalid(pg_catalog.format('the entry has %s postings', pg_catalog.jsonb_array_length(postings)), 'It has 1 to 1000; leave them out for none');
  end if;
  for posting in select * from pg_catalog.jsonb_array_elements(postings) loop
    place := place + 1;
    begin
      if pg_catalog.jsonb_typeof(posting) <> 'object' then
        perform faultline._invalid(pg_catalog.format('it is not an object but of type %s', pg_catalog.jsonb_typeof(posting)), usage);
      end if;
      select key into unknown from pg_catalog.jsonb_object_keys(posting) as key where key not in ('account', 'amount', 'currency') limit 1;
      if found then
        perform faultline._invalid(pg_catalog.format('it has the unknown key %s', pg_catalog.quote_literal(pg_catalog.left(unknown, 100))), usage);
      end if;
      perform faultline._check_name('account', posting ->> 'account');
      perform faultline._check_name('currency', posting ->> 'currency');
      perform faultline._check_amount('amount', posting -> 'amount');
      if (posting ->> 'amount')::numeric = 0 then
        perform faultline._invalid('amount is 0', 'Leave a posting of nothing out');
      end if;
    exception when sqlstate 'FL004' then
      declare
        message text;
        hint text;
      begin
        get stacked diagnostics message = message_text, hint = pg_exception_hint;
        raise exception using errcode = 'FL004', message = pg_catalog.format('posting %s: %s', place, message), hint = hint;
      end;
    end;
  end loop;
  select p.currency, sum(p.amount) as amount into total
  from pg_catalog.jsonb_to_recordset(postings) as p (currency text, amount numeric)
  group by p.currency
  having sum(p.amount) <> 0
  order by p.currency
  limit 1;
  if found then
    perform faultline._invalid(
      pg_catalog.format('the postings in %s add up to %s', total.currency, total.amount), 'In each currency they add up to zero');
  end if;
end
$$;
comment on function faultline._check_postings(jsonb) is 'Private: raises FL004 unless the value is an array of postings that balance.';
