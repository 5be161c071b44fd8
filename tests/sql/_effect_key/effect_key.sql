\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- For ever: what the outside has seen once must come again after an upgrade.
select is(faultline._effect_key('pay-1', 'charge'), 'caedee86-416d-3b7d-8c16-a2d7516fda61', 'the key of an effect never changes');
select is(faultline._effect_key('Zürich €', 'charge'), '2a537900-92da-fdbe-e6a9-6f25a166d169', 'nor with letters of other languages');
select is(length(faultline._effect_key(repeat('ä', 255), repeat('n', 128))), 36, '36 characters, however long the names');
select is(count(distinct faultline._effect_key(t, n)), 6::bigint, 'another for each transaction and each name')
from (values ('a', 'bc'), ('ab', 'c'), ('bc', 'a'), ('c', 'ab'), ('1 a', 'b'), ('a', '1 b')) v (t, n);
select is(provolatile, 'i', 'it is immutable') from pg_proc where oid = 'faultline._effect_key(text, text)'::regprocedure;

select * from finish();
rollback;
