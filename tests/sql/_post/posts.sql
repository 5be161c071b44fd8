\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- Writes the postings of a new entry. What is debited stays at its floor or above; the error names the account.
create function tap.posting(name text, variadic lines text[]) returns text language plpgsql as $$
begin
  perform applied(posting.name);
  begin
    perform faultline._post((entry(posting.name)).entry_id, posts(variadic lines));
  exception when sqlstate 'FL008' then
    return sqlerrm;
  end;
  return 'posted';
end
$$;
select is(posting('t1', 'bank -100 EUR', 'a 60 EUR', 'b 40 EUR'), 'posted', 'no floors');
select results_eq('select entry_id, account, amount, currency from faultline.postings order by posting_id',
  $$select (entry('t1')).entry_id, v.* from (values ('bank', -100::numeric, 'EUR'), ('a', 60, 'EUR'), ('b', 40, 'EUR')) v$$, 'in the order they were given');
select faultline.set_account('a', 'EUR', 10), faultline.set_account('b', 'EUR', 0), faultline.set_account('a', 'USD', -5);
select is(posting('t2', 'a -50 EUR', 'bank 50 EUR'), 'posted', 'down to the floor');
select is(posting('t3', 'a -0.000000000000000001 EUR', 'bank 0.000000000000000001 EUR'), 'account a would be at 9.999999999999999999 EUR, below its floor of 10', 'not below it by the least amount there is');
select is(posting('t4', 'a -5 USD', 'bank 5 USD'), 'posted', 'a floor is that of a currency');
select is(posting('t5', 'a -1 USD', 'bank 1 USD'), 'account a would be at -6 USD, below its floor of -5', 'and may be below 0');
select is(posting('t6', 'bank -7 EUR', 'a 7 EUR'), 'posted', 'credits are free');
select is(posting('t7', 'a -10 EUR', 'a 10 EUR'), 'posted', 'what counts is what it comes to in all');
select is(posting('t8', 'b -50 EUR', 'a 50 EUR', 'b 10 EUR', 'bank -10 EUR'), 'posted', 'over the whole entry');
select is(posting('t9', 'a -57 EUR', 'b -1 EUR', 'bank 58 EUR'), 'account b would be at -1 EUR, below its floor of 0', 'of several accounts each has to hold');
select is(posting('t10', 'a -58 EUR', 'b -1 EUR', 'bank 59 EUR'), 'account a would be at 9 EUR, below its floor of 10', 'the first in the order of names is told');
-- An account below its floor, as in a database restored from elsewhere: it can be credited, not debited.
update faultline.accounts set floor = 1000 where account = 'b';
select is(posting('t11', 'bank -1 EUR', 'b 1 EUR'), 'posted', 'below its floor already: credited');
select is(posting('t11 too', 'bank -0.5 EUR', 'b 0.5 EUR'), 'posted', 'by however little');
select is(posting('t12', 'b -0.5 EUR', 'bank 0.5 EUR'), 'account b would be at 1.0 EUR, below its floor of 1000', 'but not debited');
-- Whatever the order in which they are given: by account, and by currency within it.
select faultline.set_account(a, c, 0) from unnest(array['p', 'q']) a, unnest(array['EUR', 'GBP', 'JPY', 'NOK', 'USD']) c;
select is(posting('t' || o, variadic lines), 'account p would be at -1 ' || told || ', below its floor of 0', told || ' is told')
from (values (20, '{q -1 EUR,p -1 USD,bank 1 EUR,bank 1 USD}'::text[], 'USD'),
             (21, '{p -1 USD,p -1 NOK,p -1 JPY,p -1 GBP,p -1 EUR,bank 1 EUR,bank 1 GBP,bank 1 JPY,bank 1 NOK,bank 1 USD}', 'EUR')) v (o, lines, told);
-- The floor counts what is in a checkpoint.
insert into faultline.account_checkpoints values ('a', 'EUR', 5000);
select is(posting('t13', 'a -5000 EUR', 'bank 5000 EUR'), 'posted', 'the balance is that of the checkpoint and what came since');

select results_eq($$select distinct objsubid::int, classid::bigint, mode from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and mode = 'ShareLock'$$,
  $$values (2, 1181838445::bigint, 'ShareLock')$$, 'shared locks of buckets are held');
select set_eq($$select objid::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and mode = 'ShareLock'$$,
  $$select faultline._account_bucket(a, c) from (values ('bank', 'EUR'), ('a', 'EUR'), ('b', 'EUR'), ('a', 'USD')) v (a, c)$$, 'of what is debited');

select * from finish();
rollback;
