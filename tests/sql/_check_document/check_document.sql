\ir ../../support/prelude.sql
begin;
select * from no_plan();

select lives_ok($$select faultline._check_document('the result', null, false)$$, 'no result');
select lives_ok($$select faultline._check_document('the error', null, true)$$, 'no error');
select lives_ok(format('select faultline._check_document(''the result'', %L, false)', d), 'a result may be ' || d) from unnest(array['{}', '[]', '1', '"a"', 'null']) d;
select refuses(format('select faultline._check_document(''the error'', %L, true)', d), 'FL004', 'the error is not an object but of type ' || jsonb_typeof(d::jsonb), 'an error may not be ' || d)
from unnest(array['[]', '1', '"a"', 'null']) d;
select lives_ok($$select faultline._check_document('the error', jsonb_build_object('a', repeat('x', 262144 - 9)), true)$$, '262144 bytes');
select refuses($$select faultline._check_document('the error', jsonb_build_object('a', repeat('x', 262145 - 9)), true)$$, 'FL004', 'the error has 262145 bytes as text', '262145 bytes');
select refuses($$select faultline._check_document('the result', to_jsonb(repeat('ä', 131072)), false)$$, 'FL004', 'the result has 262146 bytes as text', 'bytes, not characters');

select * from finish();
rollback;
