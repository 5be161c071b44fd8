\ir ../../support/prelude.sql
begin;
select * from no_plan();

create view tap.it as select * from pg_proc where proname = '_check_balanced' and pronamespace = 'faultline'::regnamespace;
select is(pg_get_function_arguments(oid), '', 'no arguments') from tap.it;
select is(pg_get_function_result(oid), 'trigger', 'a trigger''s function') from tap.it;
select is(proowner::regrole::text, 'faultline_owner', 'of faultline_owner') from tap.it;
select is(proacl::text, '{faultline_owner=X/faultline_owner}', 'which nobody else may execute') from tap.it;
select is(prosecdef, true, 'it runs as its owner: before PostgreSQL 18 it is who commits who runs it, and may not read postings') from tap.it;
select ok(proconfig @> '{"search_path=pg_catalog, pg_temp"}', 'with a pinned path') from tap.it;
select is((tgdeferrable, tginitdeferred, tgtype & 1), (true, true, 1), 'for each row, at commit') from pg_trigger where tgname = 'postings_balanced';

select * from finish();
rollback;
