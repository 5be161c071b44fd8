-- Revert faultline:schema from pg

begin;

drop schema faultline;
alter default privileges for role faultline_owner grant execute on functions to public;

commit;
