-- At commit the postings of an entry add up to zero in each currency, whoever wrote them. Before PostgreSQL 18 what is
-- deferred runs as the role that commits, which may not read postings: hence SECURITY DEFINER, though it is private.
create function faultline._check_balanced()
returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  total record;
begin
  select p.currency, sum(p.amount) as amount into total
  from faultline.postings p
  where p.entry_id = new.entry_id
  group by p.currency
  having sum(p.amount) <> 0
  limit 1;
  if found then
    raise exception using
      errcode = 'FL004',
      message = pg_catalog.format('the postings of entry %s in %s add up to %s', new.entry_id, total.currency, total.amount),
      hint = 'In each currency they add up to zero.';
  end if;
  return null;
end
$$;
comment on function faultline._check_balanced() is 'Private: raises FL004 unless the postings of an entry balance.';

create constraint trigger postings_balanced
after insert on faultline.postings
deferrable initially deferred
for each row execute function faultline._check_balanced();
