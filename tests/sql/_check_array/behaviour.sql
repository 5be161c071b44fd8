\ir ../../support/prelude.sql
begin;
select * from no_plan();

select is(faultline._check_array('jobs', v, 'x'), n, 'of ' || n) from (values ('[]'::jsonb, 0), ('[1]', 1), ('[[1, 2], null]', 2)) v (v, n);
select is(faultline._check_array('jobs', (select jsonb_agg(n) from generate_series(1, 10000) n), 'x'), 10000, 'of 10 000');
select refuses($$select faultline._check_array('jobs', (select jsonb_agg(n) from generate_series(1, 10001) n), 'x')$$, 'FL004', 'the array has 10001 elements', 'one more');
select test
from (values ('null', 'NULL'), ('''null''', 'of type null'), ('''{}''', 'of type object'), ('''"x"''', 'of type string')) v (v, message), format('select faultline._check_array(''things'', %s, ''[2]'')', v) call,
  unnest(array[refuses(call, 'FL004', 'things is not an array but ' || message, v), is(hint_of(call), 'For example [2]', 'with an example')]) test;

select * from finish();
rollback;
