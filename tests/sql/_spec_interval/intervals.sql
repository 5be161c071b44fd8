\ir ../../support/workflows.sql
begin;
select * from no_plan();

-- What is written there as an interval; or what is wrong with it, and what to do.
create function tap.interval_of(value jsonb) returns text language plpgsql as $$
declare
  hint text;
begin
  return faultline._spec_interval('p', value, interval '1 millisecond', interval '2 days');
exception when sqlstate 'FL004' then
  get stacked diagnostics hint = pg_exception_hint;
  return format('%s (%s)', sqlerrm, hint);
end
$$;
select is(interval_of(value::jsonb), said, 'a duration: ' || coalesce(value, 'none'))
from (values
  (null, null), ('null', null),
  ('0.5', '00:00:00.5'), ('90', '00:01:30'), ('"500ms"', '00:00:00.5'), ('"10m"', '00:10:00'), ('"1h 30m"', '01:30:00'),
  ('0.001', '00:00:00.001'), ('"2 days"', '2 days')) v (value, said);
select is(interval_of(value::jsonb), said, 'no duration, or none that may be: ' || left(value, 40))
from (values
  ('"soon"', 'p: "soon" is not a duration (Write "500ms", "10m" or "1 hour")'),
  ('true', 'p: true is not a duration (Write "500ms", "10m" or "1 hour")'),
  ('["1h"]', 'p: ["1h"] is not a duration (Write "500ms", "10m" or "1 hour")'),
  ('{"1h": 2}', 'p: {"1h": 2} is not a duration (Write "500ms", "10m" or "1 hour")'),
  ('1e400', 'p: 1' || repeat('0', 99) || ' is not a duration (Write "500ms", "10m" or "1 hour")'),
  ('"' || repeat('x', 200) || '"', 'p: "' || repeat('x', 99) || ' is not a duration (Write "500ms", "10m" or "1 hour")'),
  ('0', 'p: 00:00:00 is out of bounds (It lies between 00:00:00.001 and 2 days)'),
  ('0.0009', 'p: 00:00:00.0009 is out of bounds (It lies between 00:00:00.001 and 2 days)'),
  ('172800.001', 'p: 48:00:00.001 is out of bounds (It lies between 00:00:00.001 and 2 days)'),
  ('"1 day -1h"', 'p: 1 day -01:00:00 has a negative part (Write it with one sign, as 23 hours and not 1 day -1 hour)')) v (value, said);

select * from finish();
rollback;
