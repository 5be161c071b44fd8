-- At commit the postings of an entry add up to zero in each currency, whoever wrote them. Before PostgreSQL 18 a deferred
-- trigger runs as whoever commits, who can not read postings: so it is SECURITY DEFINER. And a session keeps
-- the plan of when there were few: without its SET clauses that was a scan of all postings.
create function faultline._check_balanced()
returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
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
