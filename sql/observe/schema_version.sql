-- The release of these functions. A runner works with a schema of the same major and minor release. For everybody who
-- may use the schema.
create function faultline.schema_version()
returns text
language sql immutable parallel safe security definer
set search_path = pg_catalog, pg_temp
as $$
select '0.1.0'
$$;
comment on function faultline.schema_version() is 'The release of these functions.';
grant execute on function faultline.schema_version() to faultline_producer, faultline_observer;
