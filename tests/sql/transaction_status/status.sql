\ir ../../support/ledger.sql
begin;
select * from no_plan();

create function tap.status(name text) returns jsonb language sql as $$ select faultline.transaction_status(status.name) $$;
select is(status('nobody'), null, 'there is none: NULL');
select is(status(null), null, 'no id: NULL');
select submitted('a');
select is(status('a'), jsonb_build_object('transaction_id', 'a', 'kind', 't', 'request', '{"name": "a"}'::jsonb, 'state', 'INIT', 'reason', null, 'job_id', id('a'), 'job_state', null,
  'created_at', t.created_at, 'settled_at', null, 'entry', null, 'effects', '[]'::jsonb), 'INIT') from transaction('a') t;
select claimed('a'), outside('a', 'APPLIED'), outside('a', 'SENT', 'mail'), faultline.settle_effect(id('a'), 1, 'a', 'mail', 'UNKNOWN', '"timeout"');
select is(status('a') -> 'effects', jsonb_build_array(
  jsonb_build_object('name', 'charge', 'key', f.key, 'state', 'APPLIED', 'request', '{"amount": 5}'::jsonb, 'response', '{"receipt": 7}'::jsonb, 'attempt', 1, 'sent_at', f.sent_at, 'unknown_since', null, 'asks', 0, 'answer', null),
  jsonb_build_object('name', 'mail', 'key', m.key, 'state', 'SENT', 'request', '{"amount": 5}'::jsonb, 'response', null, 'attempt', 1, 'sent_at', m.sent_at, 'unknown_since', m.unknown_since, 'asks', 1, 'answer', 'timeout')),
  'effects, in their order') from effect('a') f, effect('a', 'mail') m;
select faultline.settle_effect(id('a'), 1, 'a', 'mail', 'ABSENT');
select created from faultline.apply_and_complete(id('a'), 1, 'a', '{"sum": 5}', posts('z -5 EUR', 'a 5 EUR'));
select reconciled();
select is(status('a') -> 'entry', jsonb_build_object('entry_id', e.entry_id, 'attempt', 1, 'effect', '{"sum": 5}'::jsonb, 'applied_at', e.applied_at, 'postings',
  '[{"account": "z", "amount": -5, "currency": "EUR"}, {"account": "a", "amount": 5, "currency": "EUR"}]'::jsonb), 'the entry, with its postings in their order') from entry('a') e;
select is((s ->> 'state', s ->> 'job_state', (s ->> 'settled_at')::timestamptz), ('RECONCILED'::text, 'succeeded'::text, (transaction('a')).settled_at), 'how it ended') from status('a') s;
select applied('bare');
select is(status('bare') #> '{entry,postings}', '[]', 'an entry without postings');
select is(status('bare') -> 'effects', '[]', 'nor effects');
select at_work('moment');
select is((entry > 0, seen ->> 'state'), (true, 'INIT'::text), 'a statement sees one moment: not what it applies itself')
from (select (select entry_id from faultline.apply_ledger(id('moment'), 1, 'moment', '{}')) as entry, faultline.transaction_status('moment') as seen offset 0) statement;
select is(status('moment') ->> 'state', 'APPLIED', 'which the next one sees');
-- In their order, whatever that of the rows is: postings as they were given; effects as they were begun, then by name.
set session_replication_role = replica;
insert into faultline.postings (posting_id, entry_id, account, currency, amount) overriding system value select 1000 - n, (entry('bare')).entry_id, 'p' || 1000 - n, 'EUR', 1 from generate_series(1, 20) n;
insert into faultline.effects (transaction_id, name, key, request, request_hash, attempt, created_at)
select 'bare', 'e' || n, 'bare ' || n, '{}', 0, 1, now() - n % 2 * interval '1 s' from generate_series(10, 39) n order by n * 7 % 30;
set session_replication_role = origin;
select is(array(select p ->> 'account' from jsonb_array_elements(status('bare') #> '{entry,postings}') with ordinality u (p, o) order by o),
  array(select 'p' || n from generate_series(980, 999) n), 'postings');
select is(array(select f ->> 'name' from jsonb_array_elements(status('bare') -> 'effects') with ordinality u (f, o) order by o),
  array(select 'e' || n from generate_series(10, 39) n order by n % 2 desc, n), 'effects');
select submitted('burnt'), faultline.fail_transaction('burnt', 'a mistake');
select is((s ->> 'state', s ->> 'reason'), ('FAILED'::text, 'a mistake'::text), 'or why it failed') from status('burnt') s;

select changes_nothing(role, $$select faultline.transaction_status('a') ->> 'state'$$, 'RECONCILED', role || ' may, which changes nothing') from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer']) role;
create role stranger;
grant usage on schema faultline to stranger;
select refused('stranger', $$select faultline.transaction_status('a')$$, '42501', 'permission denied for function transaction_status');

select * from finish();
rollback;
