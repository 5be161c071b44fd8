\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- What it says is account_balance's test; here, how it looks and who sees it.
select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum) from pg_attribute a where a.attrelid = 'faultline.account_balances'::regclass and a.attnum > 0),
  'account text, currency text, balance numeric, floor numeric', 'its columns');
select is(count(*), 0::bigint, 'no account') from faultline.account_balances;
select moved('a', 'x -1.50 EUR', 'y 1.50 EUR'), faultline.set_account('z', 'EUR', -3), faultline.set_account('y', 'EUR', 1), faultline.set_account('y', 'USD', 0);
select results_eq('select * from faultline.account_balances order by 1, 2', $$values ('x', 'EUR', -1.50, null::numeric), ('y', 'EUR', 1.50, 1), ('y', 'USD', 0, 0), ('z', 'EUR', 0, -3)$$, 'once for each account and currency');
select is(act(role, 'select count(*) from faultline.account_balances'), '4', role || ' reads it') from unnest(array['faultline_observer', 'faultline_operator']) role;
select refused(role, 'select 1 from faultline.account_balances', '42501', 'permission denied for view account_balances') from unnest(array['faultline_producer', 'faultline_runner']) role;

select * from finish();
rollback;
