-- Drops the triggers, functions and views of the schema, whatever release they are of, so that a loader starts from
-- the tables alone. No CASCADE: what a user built upon a view of ours is theirs, and PostgreSQL names it.
do $$
declare
  dropped record;
begin
  for dropped in
    select t.tgname, t.tgrelid::pg_catalog.regclass as relation
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'faultline'::pg_catalog.regnamespace and not t.tgisinternal and t.tgparentid = 0
  loop
    execute pg_catalog.format('drop trigger %I on %s', dropped.tgname, dropped.relation);
  end loop;
  -- A view may stand upon another: the newest goes first.
  for dropped in
    select c.oid::pg_catalog.regclass as relation
    from pg_catalog.pg_class c
    where c.relnamespace = 'faultline'::pg_catalog.regnamespace and c.relkind = 'v'
    order by c.oid desc
  loop
    execute pg_catalog.format('drop view %s', dropped.relation);
  end loop;
  for dropped in
    select p.oid::pg_catalog.regprocedure as routine
    from pg_catalog.pg_proc p
    where p.pronamespace = 'faultline'::pg_catalog.regnamespace
    order by p.oid desc
  loop
    execute pg_catalog.format('drop function %s', dropped.routine);
  end loop;
end
$$;
