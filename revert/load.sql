-- Revert faultline:load from pg

begin;

set local role faultline_owner;

\ir ../sql/drop.sql

commit;
