-- Revert faultline:api from pg

begin;

drop table faultline.api_tokens;

commit;
