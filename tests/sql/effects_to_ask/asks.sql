\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- Effects that are SENT and whose job is over; each is handed out once, and again after a wait.
create function tap.asked(arguments text default '') returns text language sql as $$
select run(format($q$select coalesce(string_agg(transaction_id || '/' || name, ' ' order by transaction_id, name), '') from faultline.effects_to_ask(%s)$q$, arguments)) $$;
create function tap.due(name text) returns void language sql as $$ update faultline.effects set ask_at = clock_timestamp() where transaction_id = due.name and ask_at is not null $$;
create function tap.wait(name text) returns interval language sql as $$ select date_trunc('second', (effect(wait.name)).ask_at - clock_timestamp() + interval '0.9 s') $$;
select changes_nothing('faultline_runner', 'select count(*) from faultline.effects_to_ask()', '0', 'nothing to ask, nothing is changed');
select at_work(n), outside(n, 'SENT'), job_ends(n, how)
from (values ('runs', 'running'), ('waits', 'queued'), ('dead', 'failed'), ('succeeded', 'succeeded'), ('cancelled', 'cancelled'), ('discarded', 'discarded')) v (n, how);
select is(asked(), '', 'none before reconcile has seen that the job is over');
select reconciled();
select is((f.transaction_id, f.name, f.key, f.request, f.job_id, f.attempt, f.asks), ('cancelled'::text, 'charge'::text, faultline._effect_key('cancelled', 'charge'), '{"amount": 5}'::jsonb, id('cancelled'), 1, 0), 'what one needs to ask')
from faultline.effects_to_ask() f where f.transaction_id = 'cancelled';
select is(wait(n), '10 s'::interval, n || ': again in ten seconds') from unnest(array['succeeded', 'cancelled', 'discarded']) n;
select is((effect(n)).ask_at, null, n || ': its next attempt asks, or an operator decides') from unnest(array['runs', 'waits', 'dead']) n;
select changes_nothing('faultline_runner', 'select count(*) from faultline.effects_to_ask()', '0', 'handed out once');
select due(n) from unnest(array['succeeded', 'cancelled', 'discarded']) n;
select is(asked(), 'cancelled/charge discarded/charge succeeded/charge', 'when their time has come, again');

-- The wait grows with each UNKNOWN: 10 s, 20 s … an hour.
create function tap.unknowns(n int) returns text language plpgsql as $$
declare
  waits text[] := '{}';
begin
  for i in 1..n loop
    perform due('succeeded');
    assert asked() = 'succeeded/charge', 'not handed out';
    waits := waits || wait('succeeded')::text;
    perform run($q$select faultline.answer_effect('succeeded', 'charge', 'UNKNOWN')$q$);
  end loop;
  return array_to_string(waits, ' ');
end
$$;
select is(unknowns(12), '00:00:10 00:00:20 00:00:40 00:01:20 00:02:40 00:05:20 00:10:40 00:21:20 00:42:40 01:00:00 01:00:00 01:00:00', 'waits grow to an hour');
update faultline.effects set asks = 2000000000 where transaction_id = 'succeeded';
select is(unknowns(1), '01:00:00', 'and stay there');

-- By name; at most so many, who has waited longest first.
select at_work('many');
select outside('many', 'SENT', n) from unnest(array['mail', 'sms', 'fax']) n;
select job_ends('many', 'succeeded'), reconciled();
update faultline.effects set ask_at = clock_timestamp() - case name when 'sms' then interval '3 s' when 'fax' then interval '2 s' else interval '1 s' end where transaction_id = 'many';
select is(asked($$'{charge}'$$), '', 'of these names');
select is(asked($$'{}'$$), '', 'of none');
select is(asked($$'{mail,sms}', 1$$), 'many/sms', 'at most one, who has waited longest');
select is(asked('max => 1'), 'many/fax', 'of all');
select is(asked('null, null'), 'many/mail', 'NULL means the default');
select refuses(format('select * from faultline.effects_to_ask(max => %s)', n), 'FL004', format('max %s is out of bounds', n), 'max ' || n) from unnest(array[0, -1, 10001]) n;
select is(asked('max => ' || n), '', 'max ' || n) from unnest(array[1, 10000]) n;
select due('many');
select is(operate('select count(*) from faultline.effects_to_ask()'), '3', 'an operator may');
select refused(role, 'select * from faultline.effects_to_ask()', '42501', 'permission denied for function effects_to_ask') from unnest(array['faultline_producer', 'faultline_observer']) role;

-- Once answered, no more.
select run(format($$select faultline.answer_effect('many', %L, 'ABSENT')$$, n)) from unnest(array['mail', 'sms', 'fax']) n;
update faultline.effects set ask_at = clock_timestamp() - interval '1 s' where ask_at is not null;
select is(asked(), 'cancelled/charge discarded/charge succeeded/charge', 'what was answered is not asked for again');

-- NULL means a hundred.
select at_work('hundred');
select outside('hundred', 'SENT', 'e' || n) from generate_series(1, 101) n;
select job_ends('hundred', 'succeeded'), reconciled();
select is(count(*), 100::bigint, 'a hundred of a hundred and one') from faultline.effects_to_ask(max => null);
select is(count(*), 1::bigint, 'then the last') from faultline.effects_to_ask(max => null);

select * from finish();
rollback;
