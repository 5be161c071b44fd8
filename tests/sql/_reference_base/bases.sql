\ir ../../support/prelude.sql

begin;
select * from no_plan();

select is(faultline._reference_base(reference, '["a", "a.b", "c"]'), base, format('%s begins with %s', reference, coalesce(base, 'neither')))
from (values
  ('a', 'a'), ('a.x', 'a'), ('a.b', 'a.b'), ('a.b.x', 'a.b'), ('a.bx', 'a'), ('c.a', 'c'), ('input', 'input'), ('input.a', 'input'),
  ('ax', null), ('inputs', null), ('b', null), ('', null), (null, null)) v (reference, base);
select is(faultline._reference_base('input.a', '[]'), 'input', 'what needs nothing has the input');
select is(faultline._reference_base('a', '[]'), null, 'and no more');
select is((select p.provolatile from pg_proc p where p.proname = '_reference_base'), 'i'::"char", 'of nothing but its arguments');

select * from finish();
rollback;
