\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- What has happened has happened, whoever writes: no UPDATE, no DELETE, no TRUNCATE.
select moved('a', 'x -1 EUR', 'y 1 EUR');
set constraints all immediate;
select refuses(statement, 'FL003', message, statement)
from (values
  ('update faultline.ledger_entries set attempt = 2', 'a row of ledger_entries is never changed'),
  ('update faultline.ledger_entries set effect = effect', 'a row of ledger_entries is never changed'),
  ('delete from faultline.ledger_entries', 'a row of ledger_entries is never removed'),
  ('truncate faultline.ledger_entries cascade', 'a row of ledger_entries is never removed'),
  ('update faultline.postings set amount = 2', 'a row of postings is never changed'),
  ('update faultline.postings set account = account', 'a row of postings is never changed'),
  ('delete from faultline.postings', 'a row of postings is never removed'),
  ('truncate faultline.postings', 'a row of postings is never removed')) v (statement, message);
set local role faultline_owner;
select throws_ok(statement, 'FL003', null, 'the owner is held to it too: ' || statement)
from unnest(array['update faultline.ledger_entries set attempt = 2', 'delete from faultline.ledger_entries', 'truncate faultline.ledger_entries cascade',
                  'update faultline.postings set amount = 2', 'delete from faultline.postings', 'truncate faultline.postings']) statement;
reset role;
select is((select count(*) from faultline.ledger_entries) + (select count(*) from faultline.postings), 3::bigint, 'all of it is still there');

select * from finish();
rollback;
