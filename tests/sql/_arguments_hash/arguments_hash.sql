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
select isnt(pg_temp.hash('{}', 'a'), pg_temp.hash('{}', 'b'), 'the type counts');
select is(faultline._arguments_hash('t', '{"a": 1}'), (-7408823535790126774)::bigint, 'and it stays what it is: keys in the database rely on it');

select * from finish();
rollback;
