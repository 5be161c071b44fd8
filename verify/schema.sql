-- Verify faultline:schema on pg

select 1 / pg_catalog.has_schema_privilege('faultline_producer', 'faultline', 'usage')::int;
select 1 / (pg_catalog.pg_get_userbyid(nspowner) = 'faultline_owner')::int
from pg_catalog.pg_namespace
where nspname = 'faultline';
