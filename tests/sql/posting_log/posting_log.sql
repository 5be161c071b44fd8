\ir ../../support/ledger.sql
begin;
select * from no_plan();

select is(
  (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum) from pg_attribute a where a.attrelid = 'faultline.posting_log'::regclass and a.attnum > 0),
  'posting_id bigint, entry_id bigint, transaction_id text, job_id bigint, account text, amount numeric, currency text, applied_at timestamp with time zone', 'its columns');
select moved('a', 'x -1.50 EUR', 'y 1.50 EUR'), moved('b', 'y -3 USD', 'x 3 USD'), applied('bare');
select results_eq('select transaction_id, entry_id, job_id, account, amount, currency, applied_at from faultline.posting_log order by posting_id',
  $$select n, (entry(n)).entry_id, id(n), account, amount, currency, (entry(n)).applied_at
    from (values ('a', 'x', -1.50, 'EUR'), ('a', 'y', 1.50, 'EUR'), ('b', 'y', -3, 'USD'), ('b', 'x', 3, 'USD')) v (n, account, amount, currency)$$, 'every posting, with its transaction');
select is(act(role, 'select count(*) from faultline.posting_log'), '4', role || ' reads it') from unnest(array['faultline_observer', 'faultline_operator']) role;
select refused(role, 'select 1 from faultline.posting_log', '42501', 'permission denied for view posting_log') from unnest(array['faultline_producer', 'faultline_runner']) role;

select * from finish();
rollback;
