\ir ../../support/prelude.sql

begin;
select * from no_plan();

select lives_ok(format('select faultline._check_keys(''tasks.a'', %L, ''{type, needs}'')', given), 'nothing but what is known: ' || given)
from (values ('{}'), ('{"needs": 1}'), ('{"type": 1, "needs": 2}')) v (given);
select refuses(format('select faultline._check_keys(''tasks.a'', %L, ''{type, needs}'')', given), 'FL004', 'tasks.a: ' || message, message)
from (values
  ('{"type": 1, "z": 1, "yy": 2}'::jsonb, 'it has the unknown key ''yy'''),
  ('{"Type": 1}', 'it has the unknown key ''Type'''),
  (jsonb_build_object(repeat('k', 99) || 'l', 1), 'it has the unknown key ''' || repeat('k', 99) || 'l'''),
  (jsonb_build_object(repeat('k', 99) || 'lm', 1), 'it has the unknown key ''' || repeat('k', 99) || 'l'''),
  ('[]', 'it is not an object but of type array'),
  ('null', 'it is not an object but of type null'),
  (null, 'it is not an object but missing')) v (given, message);

select * from finish();
rollback;
