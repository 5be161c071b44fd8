\ir ../../support/prelude.sql
begin;
select * from no_plan();

select lives_ok(format('select faultline._check_name(''queue'', %L)', n), left(n, 20) || ' is a name')
from unnest(array['a', 'Z', '0', '_', '.', ':', '-', 'a.b:c_d-9', repeat('x', 128)]) n;
select refuses(format('select faultline._check_name(''queue'', %L)', n), 'FL004', format('queue %s is not a name', quote_nullable(left(n, 140))), coalesce(quote_literal(left(n, 20)), 'NULL') || ' is not')
from unnest(array['', ' ', 'a b', E'a\n', E'\na', 'ä', 'a/b', 'a''b', repeat('x', 129), repeat('x', 1000), null]) n;

select * from finish();
rollback;
