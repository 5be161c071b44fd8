\ir ../../support/ledger.sql
select * from no_plan();

-- At commit the postings of an entry add up to zero in each currency, whoever wrote them. Each of these is a
-- transaction of its own.
create function tap.entered(name text) returns bigint language plpgsql volatile security definer
as $$
begin
  perform tap.applied(entered.name);
  return (tap.entry(entered.name)).entry_id;
end
$$;
-- What the check says when the transaction would commit.
create function tap.committed(lines text[]) returns text language plpgsql
as $$
declare
  entry constant bigint := (tap.entry('a')).entry_id;
begin
  begin
    insert into faultline.postings (entry_id, account, currency, amount)
    select entry, split_part(l, ' ', 1), split_part(l, ' ', 3), split_part(l, ' ', 2)::numeric from unnest(lines) l;
    set constraints faultline.postings_balanced immediate;
  exception when others then
    set constraints faultline.postings_balanced deferred;
    return replace(sqlerrm, 'entry ' || entry, 'entry N');
  end;
  set constraints faultline.postings_balanced deferred;
  return 'fine';
end
$$;
select entered('a'), entered('b') \g /dev/null

begin;
select is(committed(lines), said, lines::text)
from (values
  ('{a -1 EUR,b 1 EUR}'::text[], 'fine'),
  ('{a -1 EUR,b 2 EUR}', 'the postings of entry N in EUR add up to 1'),
  ('{a 0.000000000000000001 EUR}', 'the postings of entry N in EUR add up to 0.000000000000000001'),
  ('{a -1 EUR,b 1 USD}', 'the postings of entry N in EUR add up to -1'),
  ('{a -1 EUR,b 1 EUR,c 5 USD}', 'the postings of entry N in USD add up to 5'),
  ('{a -1 EUR,b 1 EUR,c 5 USD,d -3 USD,e -2 USD}', 'fine'),
  ('{a 1 EUR,a -1 EUR}', 'fine')) v (lines, said);
select refuses($$insert into faultline.postings (entry_id, account, currency, amount) select (entry('a')).entry_id, 'x', 'EUR', 1; set constraints all immediate$$,
  'FL004', format('the postings of entry %s in EUR add up to 1', (entry('a')).entry_id), 'FL004, and what to do');
set constraints all deferred;
-- One currency is told, also in a session that has PL/pgSQL refuse rows that are left out, which it looks at when it compiles.
set local plpgsql.extra_errors = 'too_many_rows';
alter function faultline._check_balanced() cost 100;
select matches(committed('{a 1 EUR,b 2 USD}'), '^the postings of entry N in (EUR|USD) add up to [12]$', 'two that do not balance');
reset plpgsql.extra_errors;
-- Statement by statement is fine, as long as it balances in the end.
insert into faultline.postings (entry_id, account, currency, amount) select (entry('b')).entry_id, 'x', 'EUR', 1;
insert into faultline.postings (entry_id, account, currency, amount) select (entry('b')).entry_id, 'y', 'EUR', -1;
select lives_ok('set constraints all immediate', 'what balances in the end may come one by one');
rollback;

\set ON_ERROR_STOP off
insert into faultline.postings (entry_id, account, currency, amount) select (entry('a')).entry_id, 'x', 'EUR', 1;
\set ON_ERROR_STOP on
select is(:'LAST_ERROR_SQLSTATE'::text, 'FL004', 'not even by who owns the table');
select is(count(*), 0::bigint, 'a commit that does not balance commits nothing') from faultline.postings;

-- The role that commits may read no posting, and has a path of its own.
select at_work('c') \g /dev/null
set role faultline_runner;
create temporary table postings (entry_id bigint, account text, currency text, amount numeric);
begin;
set local search_path = pg_temp, public;
select entry_id > 0 as entered from faultline.apply_and_complete(tap.id('c'), 1, 'c', '{}', tap.posts('a -1 EUR', 'b 1 EUR')) \gset
commit;
reset role;
select is(:'entered'::text, 't', 'a runner applies');
select results_eq('select account, amount from faultline.postings order by 1', $$values ('a', -1::numeric), ('b', 1)$$, 'and commits it');
select healthy('all is well');

select * from finish();
