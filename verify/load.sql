-- Verify faultline:load on pg

select 1 / (faultline.schema_version() = '0.1.0')::int;
select job_id, state from faultline.jobs where false;
