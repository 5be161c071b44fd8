\ir ../../support/operating.sql
begin;
select * from no_plan();

select is(array(select attname::text from pg_attribute where attrelid = 'faultline.token_overview'::regclass and attnum > 0 order by attnum),
  '{token_id,name,scopes,created_at,created_by,expires_at,revoked_at,valid}', 'these columns, and no hash');
select faultline.create_token(sha256('fine'), '{read}', 'fine', '1 hour') as fine, faultline.create_token(sha256('ever'), '{enqueue,read}', 'ever') as ever,
  faultline.create_token(sha256('old'), '{read}', 'old', '1 hour') as old, faultline.create_token(sha256('gone'), '{operate}', 'gone') as gone \gset
update faultline.api_tokens set created_at = now() - interval '2 hours', expires_at = clock_timestamp() where token_id = :old;
select faultline.revoke_token(:gone) \g /dev/null
select results_eq('select name, scopes, valid, revoked_at is not null from faultline.token_overview order by token_id',
  $$values ('fine', '{read}'::text[], true, false), ('ever', '{enqueue,read}', true, false), ('old', '{read}', false, false), ('gone', '{operate}', false, true)$$,
  'every token, and whether it is still good');
select is(observe('select count(*) from faultline.token_overview'), '4', 'an observer reads it');

select * from finish();
rollback;
