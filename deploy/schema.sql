-- Deploy faultline:schema to pg
-- Only the global form of ALTER DEFAULT PRIVILEGES takes EXECUTE from PUBLIC: the form IN SCHEMA can only add.

begin;

create schema faultline authorization faultline_owner;
comment on schema faultline is 'Faultline: background jobs that stay correct under failure. Call its functions; its tables are nobody''s.';
alter default privileges for role faultline_owner revoke execute on functions from public;
set local role faultline_owner;
grant usage on schema faultline to faultline_producer, faultline_runner, faultline_operator, faultline_observer;

commit;
