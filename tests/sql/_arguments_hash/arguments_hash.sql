\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- Equal values have one hash, different ones have not.
create function pg_temp.hash(payload jsonb, type text default 't') returns bigint language sql as $$ select faultline._arguments_hash(type, payload) $$;
select is(pg_temp.hash(a), pg_temp.hash(b), format('%s and %s are the same', a, b))
from (values ('{"a": 1}'::jsonb, '{"a": 1.0}'::jsonb), ('{"a": 1e2}', '{"a": 100.000}'), ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}'),
             ('{"a": "\u0041"}', '{"a": "A"}'), ('{"a": 1, "a": 2}', '{"a": 2}'), ('{"a": -0}', '{"a": 0}')) v (a, b);
select isnt(pg_temp.hash(a), pg_temp.hash(b), format('%s and %s are not', a, b))
from (values ('{"a": 1}'::jsonb, '{"a": "1"}'::jsonb), ('{"a": 1}', '{"a": 2}'), ('{"a": [1, 2]}', '{"a": [2, 1]}'), ('{}', '{"a": null}'),
             ('{"a": {"b": 1}}', '{"a": [{"b": 1}]}'), ('{"a": ""}', '{"b": ""}')) v (a, b);
select is(pg_temp.hash(a), pg_temp.hash(b), format('%s and %s are the same', a, b))
from (values ('[10.05, 100, 0.0, -1.00]'::jsonb, '[10.050, 100.0, 0, -1]'::jsonb), ('[0.10, 1000.010]', '[0.1, 1000.01]')) v (a, b);
select isnt(pg_temp.hash(a), pg_temp.hash(b), format('%s and %s are not', a, b))
from (values ('{"a": "1.0"}'::jsonb, '{"a": "1"}'::jsonb), ('[1.0, 0]', '[10]'), ('[1.05]', '[1.5]'), ('[100]', '[1]')) v (a, b);
-- jsonb's own hash takes documents for the same whose scalars change places 32 apart.
create function pg_temp.payments(first int, last int) returns jsonb language sql as $$
select jsonb_agg(case n when 1 then first when 33 then last else 0 end order by n) from generate_series(1, 33) n $$;
select is(jsonb_hash_extended(pg_temp.payments(10, 90), 0), jsonb_hash_extended(pg_temp.payments(90, 10), 0), 'it does');
select isnt(pg_temp.hash(pg_temp.payments(10, 90)), pg_temp.hash(pg_temp.payments(90, 10)), 'ours does not');
select isnt(pg_temp.hash(pg_temp.payments(10, 10)), pg_temp.hash(pg_temp.payments(90, 90)), 'nor where a pair is replaced by another');
select isnt(pg_temp.hash('{}', 'a'), pg_temp.hash('{}', 'b'), 'the type counts');
select is(faultline._arguments_hash('t', '{"a": 1}'), (6910448968945891381)::bigint, 'and it stays what it is: keys in the database rely on it');
select is(provolatile, 'i', 'it is immutable') from pg_proc where proname = '_arguments_hash' and pronamespace = 'faultline'::regnamespace;

select * from finish();
rollback;
