\ir ../../support/ledger.sql
select * from no_plan();

-- It locks the job, the transaction and the effect, and leaves others free.
select at_work(n), outside(n, 'SENT'), outside(n, 'INIT', 'mail') from unnest(array['a', 'b']) n \g /dev/null
begin;
select state from faultline.begin_effect(id('a'), 1, 'a', 'charge', '{"amount": 5}') \g /dev/null
prepare transaction 'beginning';
select is(held(format('jobs_live j where j.job_id = %s', id(n))), case n when 'a' then 'for no key update' else 'free' end, 'the job of ' || n) from unnest(array['a', 'b']) n;
select is(held(format('transactions t where t.transaction_id = %L', n)), case n when 'a' then 'for no key update' else 'free' end, 'the transaction ' || n) from unnest(array['a', 'b']) n;
select is(held(format('effects f where f.transaction_id = %L and f.name = %L', n, e)), case when n = 'a' and e = 'charge' then 'for no key update' else 'free' end, format('%s of %s', e, n))
from unnest(array['a', 'b']) n, unnest(array['charge', 'mail']) e;
rollback prepared 'beginning';

select * from finish();
