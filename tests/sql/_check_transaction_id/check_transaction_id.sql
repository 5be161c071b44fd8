\ir ../../support/prelude.sql
begin;
select * from no_plan();

select lives_ok(format('select faultline._check_transaction_id(%L)', v), length(v) || ' characters') from unnest(array['x', ' ', 'Zürich / 7 €', repeat('ä', 255)]) v;
select refuses(format('select faultline._check_transaction_id(%L)', v), 'FL004', m, m)
from (values (null, 'the transaction id is NULL'), ('', 'the transaction id has 0 characters'), (repeat('ä', 256), 'the transaction id has 256 characters')) t (v, m);

select * from finish();
rollback;
