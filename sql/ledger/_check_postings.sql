-- Raises FL004, with the place, unless the value is an array of postings: 1 to 1000 objects of account, amount and
-- currency, whose amounts add up to zero in each currency. NULL passes.
create function faultline._check_postings(postings jsonb)
returns void
language plpgsql
as $$
declare
  usage constant text := 'For example [{"account": "alice", "amount": -100, "currency": "EUR"}, {"account": "bob", "amount": 100, "currency": "EUR"}]';
  name constant text := '^[A-Za-z0-9_.:-]+$';
  keys constant text[] := array['account', 'amount', 'currency'];
  posting jsonb;
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
  -- What is plainly right passes in one statement; what is not is looked at one by one, for the place and the reason.
  if exists (
    select
    from pg_catalog.jsonb_array_elements(postings) as p (posting)
    where case when pg_catalog.jsonb_typeof(p.posting) = 'object' then
      p.posting - keys = '{}'
      and p.posting ->> 'account' ~ name and pg_catalog.length(p.posting ->> 'account') <= 128
      and p.posting ->> 'currency' ~ name and pg_catalog.length(p.posting ->> 'currency') <= 128
      and p.posting ->> 'amount' ~ '^-?[0-9]+(\.[0-9]+)?$' and pg_catalog.length(p.posting ->> 'amount') <= 19
      and p.posting ->> 'amount' ~ '[1-9]'
    end is not true
  ) then
    for posting in select * from pg_catalog.jsonb_array_elements(postings) loop
      place := place + 1;
      if pg_catalog.jsonb_typeof(posting) <> 'object' then
        perform faultline._invalid(
          pg_catalog.format('posting %s: it is not an object but of type %s', place, pg_catalog.jsonb_typeof(posting)), usage);
      end if;
      if posting - keys <> '{}' then
        perform faultline._invalid(
          pg_catalog.format('posting %s: it has the unknown key %s', place, pg_catalog.quote_literal(pg_catalog.left(
            (select key from pg_catalog.jsonb_object_keys(posting - keys) as key limit 1), 100))), usage);
      end if;
      perform faultline._check_name('posting ' || place || ': account', posting ->> 'account');
      perform faultline._check_name('posting ' || place || ': currency', posting ->> 'currency');
      perform faultline._check_amount('posting ' || place || ': amount', posting -> 'amount');
      if (posting ->> 'amount')::numeric = 0 then
        perform faultline._invalid(pg_catalog.format('posting %s: amount is 0', place), 'Leave a posting of nothing out');
      end if;
    end loop;
  end if;
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
