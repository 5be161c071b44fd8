\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- From every state to every outcome.
select at_work(s || ' ' || o), outside(s || ' ' || o, s) from unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) s, unnest(array['APPLIED', 'ABSENT', 'UNKNOWN']) o;
select case
  when s = 'SENT' then is(faultline._settle_effect(effect(n), o, '{"b": 2}'), case o when 'UNKNOWN' then 'SENT' else o end, s || ' to ' || o)
  when s = o then repeats(format('select faultline._settle_effect(effect(%L), %L, ''{"b": 2}'')', n, o), o, s || ' to ' || o || ' again')
  else refuses(format('select faultline._settle_effect(effect(%L), %L, ''{"b": 2}'')', n, o), 'FL003', format('effect charge of transaction %L is %s and can not become %s', n, s, o), s || ' to ' || o) end
from unnest(array['INIT', 'SENT', 'APPLIED', 'ABSENT']) s, unnest(array['APPLIED', 'ABSENT', 'UNKNOWN']) o, lateral (select s || ' ' || o) v (n);
select is((f.state, f.response), (o, case when o <> 'UNKNOWN' then '{"b": 2}'::jsonb end), 'kept: ' || o)
from unnest(array['APPLIED', 'ABSENT']) o, effect('SENT ' || o) f;
select is((f.state, f.asks, f.answer), ('SENT'::text, 1, '{"b": 2}'::text), 'kept: one more ask') from effect('SENT UNKNOWN') f;
select is((f.response), '{"receipt": 7}'::jsonb, 'the first response stays') from effect('APPLIED APPLIED') f;
select refused('none', format('select faultline._settle_effect(tap.effect(''INIT APPLIED''), ''APPLIED'', null)'), 'FL003', 'effect charge of transaction ''INIT APPLIED'' is INIT and can not become APPLIED', 'effect_sent comes first.');
select refused('none', format('select faultline._settle_effect(tap.effect(''ABSENT APPLIED''), ''APPLIED'', null)'), 'FL003', 'effect charge of transaction ''ABSENT APPLIED'' is ABSENT and can not become APPLIED', 'What was settled stays.');
select refuses(format('select faultline._settle_effect(effect(''SENT UNKNOWN''), %L, null)', s), 'FL004', format('state %s is no outcome of an effect', coalesce(quote_literal(s), 'NULL')), coalesce(s, 'NULL')) from unnest(array[null, '', 'SENT', 'unknown']) s;
select refuses(format('select faultline._settle_effect(effect(''SENT UNKNOWN''), %L, null)', repeat('x', 101)), 'FL004', format('state ''%s'' is no outcome of an effect', repeat('x', 100)), 'a long one is cut');

-- One effect of one transaction; settled when it is told, not when its transaction began.
select at_work('a'), outside('a', 'SENT'), outside('a', 'SENT', 'mail'), at_work('b'), outside('b', 'SENT');
create function tap.others() returns text language sql as $$ select md5(string_agg(f::text, ',' order by f.transaction_id, f.name)) from faultline.effects f where (f.transaction_id, f.name) <> ('a', 'charge') $$;
select others() as others \gset
select is(faultline._settle_effect(effect('a'), 'UNKNOWN', to_jsonb(repeat('x', 1000))), 'SENT', 'nobody knows');
select is((f.asks, f.answer, f.unknown_since > now()), (1, repeat('x', 1000), true), 'why: 1000 characters of it') from effect('a') f;
select unknown_since as since from effect('a') \gset
select is(faultline._settle_effect(effect('a'), 'UNKNOWN', to_jsonb(repeat('y', 1001))), 'SENT', 'still nobody knows');
select is((f.asks, f.answer, f.unknown_since), (2, repeat('y', 1000), :'since'::timestamptz), 'a longer reason is cut; since when stays') from effect('a') f;
select is(faultline._settle_effect(effect('a'), 'ABSENT', null), 'ABSENT', 'until somebody does');
select is((f.asks, f.answer, f.unknown_since, f.settled_at > :'since'), (2, null::text, null::timestamptz, true), 'then it is settled') from effect('a') f;
select is(others(), :'others', 'no other effect is touched');

select * from finish();
rollback;
