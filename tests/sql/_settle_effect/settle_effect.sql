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

select * from finish();
rollback;
