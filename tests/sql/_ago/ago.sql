\ir ../../support/prelude.sql
begin;
select * from no_plan();

select is(faultline._ago(span), words, coalesce(span::text, 'NULL'))
from (values
  ('0'::interval, '0.0 s'), ('-5 min', '0.0 s'), ('0.34 s', '0.3 s'), ('9.94 s', '9.9 s'),
  ('10 s', '10 s'), ('59.999 s', '59 s'),
  ('1 min', '1 min 0 s'), ('12 min 5.9 s', '12 min 5 s'), ('59 min 59.999 s', '59 min 59 s'),
  ('1 h', '1 h 0 min'), ('23 h 59 min 59.999 s', '23 h 59 min'),
  ('1 day', '1 day 0 h'), ('47 h 59 min 59.999 s', '1 day 23 h'),
  ('2 days', '2 days 0 h'), ('3 days 4 h 59 min', '3 days 4 h'), ('10 years', '3652 days 12 h'),
  (null, '0.0 s')
) as v (span, words);

select * from finish();
rollback;
