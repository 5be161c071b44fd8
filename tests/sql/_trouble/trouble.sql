\ir ../../support/prelude.sql
begin;
select * from no_plan();

select is(faultline._trouble(error), words, coalesce(error::text, 'NULL'))
from (values
  ('{"type": "ValueError", "message": "no such account"}'::jsonb, 'ValueError: no such account'),
  ('{"type": "ValueError"}', 'ValueError'),
  ('{"message": "no such account"}', 'no such account'),
  ('{"type": null, "message": ""}', null),
  ('{"code": 7}', null),
  ('{}', null),
  (null, null),
  ('{"type": 7, "message": {"a": [1]}}', '7: {"a": [1]}'),
  ('{"type": "E", "message": "line\nand line"}', 'E: line and line')
) as v (error, words);
select is(length(faultline._trouble(jsonb_build_object('type', repeat('t', 100000), 'message', repeat('m', 100000)))), 302,
  'a huge error is a few words: 100 characters of its type, 200 of its message');

select * from finish();
rollback;
