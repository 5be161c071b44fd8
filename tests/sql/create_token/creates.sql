\ir ../../support/operating.sql
begin;
select * from no_plan();

-- A token is known by the hash of its secret; scopes are a set.
create function tap.made(arguments text) returns text language sql
as $$ select tap.operate(format('select faultline.create_token(%s)::text', arguments)) $$;
select is(made($$sha256('one'), '{operate,read,read}', 'Ada'$$), '1', 'the id of the token');
select results_eq($$select secret_hash, scopes, name, created_by = session_user, expires_at, revoked_at from faultline.api_tokens$$,
  $$values (sha256('one'), '{operate,read}'::text[], 'Ada', true, null::timestamptz, null::timestamptz)$$, 'what is stored: its hash, its scopes each once');
select is((select created_at from faultline.api_tokens) between now() and clock_timestamp(), true, 'made now');
select is(array(select event_lines('all')), '{"create_token {\"name\": \"Ada\", \"scopes\": [\"operate\", \"read\"], \"token_id\": 1}"}', 'which is on record, without the hash');
select changes_nothing('faultline_operator', $$select faultline.create_token(sha256('one'), '{read,operate}', 'Ada', '1 day')$$, '1', 'the same hash, scopes and name again: the same token');
select refused('faultline_operator', $$select faultline.create_token(sha256('one'), '{read}', 'Ada')$$, 'FL002', 'the secret stands for token 1, which has other scopes or another name', 'A new token has a new secret.');
select refused('faultline_operator', $$select faultline.create_token(sha256('one'), '{read,operate}', 'Bob')$$, 'FL002', 'the secret stands for token 1, which has other scopes or another name', 'A new token has a new secret.');

-- Limits, from both sides.
select is(made(format($$sha256('two'), '{read,enqueue,operate}', repeat('ä', 128), '1 second'$$)) <> '1', true, 'all scopes, the longest name, the shortest life');
select is((select expires_at - created_at from faultline.api_tokens where secret_hash = sha256('two')), interval '1 second', 'which ends then');
select is(made($$sha256('three'), '{enqueue}', null, '3650 days'$$) <> '1', true, 'no name, the longest life');
select is((select name from faultline.api_tokens where secret_hash = sha256('three')), '', 'the name is empty then');
select refused('faultline_operator', format('select faultline.create_token(%s)', a), 'FL004', m, h)
from (values
  ($$'\x00', '{read}'$$, 'the hash of the secret has 1 bytes', 'A SHA-256 has 32'),
  ($$sha256('x') || '\x00', '{read}'$$, 'the hash of the secret has 33 bytes', 'A SHA-256 has 32'),
  ($$null, '{read}'$$, 'the hash of the secret has no bytes', 'A SHA-256 has 32'),
  ($$sha256('x'), '{}'$$, $$the scopes are '{}'$$, 'One or more of read, enqueue, operate'),
  ($$sha256('x'), null$$, 'the scopes are NULL', 'One or more of read, enqueue, operate'),
  ($$sha256('x'), '{read,write}'$$, $$the scopes are '{read,write}'$$, 'One or more of read, enqueue, operate'),
  ($$sha256('x'), array['read', null]$$, $$the scopes are '{read,NULL}'$$, 'One or more of read, enqueue, operate'),
  ($$sha256('x'), '{read}', repeat('x', 129)$$, 'the name has 129 characters', 'At most 128'),
  ($$sha256('x'), '{read}', null, '999 ms'$$, 'lifetime 00:00:00.999 is out of bounds', 'It lies between 00:00:01 and 3650 days'),
  ($$sha256('x'), '{read}', null, '3650 days 1 second'$$, 'lifetime 3650 days 00:00:01 is out of bounds', 'It lies between 00:00:01 and 3650 days')
) as v (a, m, h);

-- The table itself holds it, too.
select throws_ok($$insert into faultline.api_tokens (secret_hash, scopes, name, created_at, created_by) values (sha256('one'), '{read}', '', now(), 'x')$$, '23505', null, 'a secret is one token');

select * from finish();
rollback;
