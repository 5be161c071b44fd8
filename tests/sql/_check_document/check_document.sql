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

-- What to do about it depends on what it is.
select is(hint_of(format('select faultline._check_document(%L, ''[1]'', true)', what)), hint, what || ' that is no object')
from (values ('the error', 'For example {"type": "ValueError", "message": "…"}'), ('the request', 'Put the value under a name, as in {"value": …}'),
             ('the effect', 'Put the value under a name, as in {"value": …}')) v (what, hint);
select is(hint_of(format('select faultline._check_document(%L, to_jsonb(repeat(''x'', 262144)), false)', what)), 'At most 262144 (256 KiB): store the data elsewhere and ' || hint, what || ' that is too big')
from (values ('the result', 'return a reference'), ('the request', 'pass a reference')) v (what, hint);

select * from finish();
rollback;
