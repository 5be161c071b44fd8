\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- By what it takes as PostgreSQL stores it: {"t": "…"} takes 17 bytes and the text.
create function tap.of_size(size int) returns jsonb language sql as $$ select jsonb_build_object('t', repeat('x', of_size.size - 17)) $$;
select is(pg_column_size(of_size(size)), size, size || ' bytes are ' || size || ' bytes') from unnest(array[1500, 1501]) size;
select is(faultline._stands_apart(of_size(1500)), false, '1500 bytes stand in the row');
select is(faultline._stands_apart(of_size(1501)), true, '1501 bytes apart');
select is(faultline._stands_apart('{}'), false, 'nothing stands in the row');
select is(faultline._stands_apart(null), null, 'NULL is NULL');
-- It is part of the statement that asks.
select is(provolatile, 's', 'it is stable, as what it asks is') from pg_proc where proname = '_stands_apart' and pronamespace = 'faultline'::regnamespace;
create function tap.plan_of(query text) returns text language plpgsql as $$
declare line text; plan text := '';
begin
  for line in execute 'explain (verbose, costs off) ' || query loop plan := plan || line; end loop;
  return plan;
end
$$;
select matches(plan_of('select faultline._stands_apart(x) from (select ''{}''::jsonb as x offset 0) v'), 'pg_column_size', 'and becomes part of its caller');

select * from finish();
rollback;
