\ir ../../support/operating.sql
begin;
select * from no_plan();

create function tap.found(token bigint) returns text language sql
as $$ select coalesce(tap.operate(format('select f.scopes || (f.secret_hash = sha256(''one''))::text from faultline.find_token(%s) f', coalesce(token::text, 'null'))), 'none') $$;
select faultline.create_token(sha256('one'), '{read,enqueue}', lifetime => '1 hour') as one, faultline.create_token(sha256('two'), '{read}') as two \gset
select is(found(:one), '{enqueue,read,true}', 'the scopes and the hash of the token');
select is(found(:two), '{read,false}', 'of another one, which never expires');
select is(found(12345), 'none', 'no row where there is none');
select is(found(null), 'none', 'nor for NULL');
update faultline.api_tokens set created_at = now() - interval '2 hours', expires_at = clock_timestamp() where token_id = :one;
select is(found(:one), 'none', 'nor for one that has expired');
select faultline.revoke_token(:two) \g /dev/null
select is(found(:two), 'none', 'nor for one that is revoked');

select * from finish();
rollback;
