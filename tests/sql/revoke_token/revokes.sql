\ir ../../support/operating.sql
begin;
select * from no_plan();

select faultline.create_token(sha256('one'), '{read}', 'Ada') as one, faultline.create_token(sha256('two'), '{read}') as two \gset
select is(operate(format('select faultline.revoke_token(%s)', :one)), 'revoked', 'revoked');
select is(array(select token_id from faultline.api_tokens where revoked_at between now() and clock_timestamp()), array[:one]::bigint[], 'this one and no other');
select is((array(select event_lines('all')))[3], format('revoke_token {"name": "Ada", "token_id": %s}', :one), 'which is on record');
select changes_nothing('faultline_operator', format('select faultline.revoke_token(%s)', :one), 'revoked', 'repeated, it changes nothing');
select is(operate(format('select faultline.revoke_token(%s)', :two)), 'revoked', 'one without a name');
select is((array(select event_lines('all')))[4], format('revoke_token {"token_id": %s}', :two), 'is on record without one');
select refused('faultline_operator', 'select faultline.revoke_token(12345)', 'FL005', 'there is no token 12345', 'token_overview lists the tokens.');
select refused('faultline_operator', 'select faultline.revoke_token(null)', 'FL005', 'there is no token NULL', 'token_overview lists the tokens.');

select * from finish();
rollback;
