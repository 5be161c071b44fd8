\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- SENT, before the request leaves.
select at_work('a'), outside('a', 'INIT');
select is(faultline.effect_sent(id('a'), 1, 'a', 'charge'), 'SENT', 'it is about to leave');
select is((f.state, f.attempt, f.sent_at > now()), ('SENT'::text, 1, true), 'and kept') from effect('a') f;
select repeats($$select faultline.effect_sent(id('a'), 1, 'a', 'charge')$$, 'SENT', 'again: nothing is changed');
select job_ends('a', 'queued'), claimed('a', 2);
select (effect('a')).sent_at as before, (effect('a')).key as key \gset
select is(faultline.effect_sent(id('a'), 2, 'a', 'charge'), 'SENT', 'a later attempt may send again');
select is((f.attempt, f.sent_at > :'before', f.key), (2, true, :'key'::text), 'with the same key: that it did is kept') from effect('a') f;
select repeats($$select faultline.effect_sent(id('a'), 2, 'a', 'charge')$$, 'SENT', 'again: nothing is changed');
select faultline.complete_job(id('a'), 2);
select repeats($$select faultline.effect_sent(id('a'), 2, 'a', 'charge')$$, 'SENT', 'nor when the job is completed');

-- It is said of one effect, of one transaction, whose row is written anew: a snapshot that is older than SENT can neither
-- burn nor enter it.
create function tap.place(name text) returns tid language sql volatile as $$ select t.ctid from faultline.transactions t where t.transaction_id = place.name $$;
select at_work(n), outside(n, 'INIT'), outside(n, 'INIT', 'mail') from unnest(array['one', 'other']) n;
create temporary table placed as select n as name, place(n) from unnest(array['one', 'other']) n;
select is(faultline.effect_sent(id('one'), 1, 'one', 'charge'), 'SENT', 'one of two effects leaves');
select is(stands('one'), 'INIT charge=SENT mail=INIT', 'the other has not left');
select is(stands('other'), 'INIT charge=INIT mail=INIT', 'nor has that of another transaction');
select is(place(name) <> place, name = 'one', 'the row of ' || name || case name when 'one' then ' is written anew' else ' is left alone' end) from placed;
update placed set place = place(name);
select repeats($$select faultline.effect_sent(id('one'), 1, 'one', 'charge')$$, 'SENT', 'again');
select job_ends('one', 'queued'), claimed('one', 2), faultline.effect_sent(id('one'), 2, 'one', 'charge');
select is(place(name), place, 'once is enough: ' || name) from placed;
select job_ends('one', 'queued'), claimed('one', 3), faultline.complete_job(id('one'), 3);
select repeats($$select faultline.effect_sent(id('one'), 3, 'one', 'charge')$$, 'SENT', 'an attempt that is over sends nothing, and nothing says that it did');

-- Not any more: once it is settled, once the entry is there, once the job is over.
select at_work(n), outside(n, n) from unnest(array['APPLIED', 'ABSENT']) n;
select refuses(format('select faultline.effect_sent(id(%L), 1, %L, ''charge'')', n, n), 'FL003', format('effect charge of transaction %L is %s: it must not be sent again', n, n), n || ' is settled') from unnest(array['APPLIED', 'ABSENT']) n;
create function tap.too_late(name text, attempt int, description text) returns text language sql as $$
select refuses(format('select faultline.effect_sent(id(%L), %s, %L, ''charge'')', name, attempt, name), 'FL003',
  format('transaction %L has its entry: effect charge can not be sent any more', name), description) $$;
select at_work('entered'), outside('entered', 'INIT'), faultline.apply_ledger(id('entered'), 1, 'entered', '{}');
select too_late('entered', 1, 'the entry is there, the job runs');
select job_ends('entered', 'queued'), claimed('entered', 2);
select too_late('entered', 2, 'nor by the next attempt');
select too_late('entered', 1, 'nor by the one that wrote the entry');
select at_work('over'), outside('over', 'INIT'), faultline.complete_job(id('over'), 1);
create function tap.over(description text) returns text language sql as $$
select refuses($q$select faultline.effect_sent(id('over'), 1, 'over', 'charge')$q$, 'FL001',
  format('attempt 1 of job %s may not apply it: the job is succeeded at attempt 1', id('over')), description) $$;
select over('the job is completed');
select is(reconciled(), 'entered APPLIED→RECONCILED, over INIT→FAILED', 'one has failed since') from (select job_ends('entered', 'queued')) e;
select over('an effect of what has failed must never leave');
select healthy('and all is well');

-- What is refused.
select at_work('b'), outside('b', 'INIT'), at_work('burnt'), outside('burnt', 'INIT'), faultline.fail_transaction('burnt', 'r'), at_work('stale'), outside('stale', 'INIT'), job_ends('stale', 'queued');
select refuses('select faultline.effect_sent(' || arguments || ')', code, message, message)
from (values
  ($$id('b'), 1, 'b', 'mail'$$, 'FL005', format('transaction ''b'' of job %s has no effect mail', id('b'))),
  ($$id('b'), 1, 'a', 'charge'$$, 'FL002', format('transaction ''a'' stands for job %s, which has another kind or request', id('a'))),
  ($$id('burnt'), 1, 'burnt', 'charge'$$, 'FL006', 'transaction ''burnt'' has failed: r'),
  ($$id('stale'), 1, 'stale', 'charge'$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is queued at attempt 1', id('stale'))),
  ($$424242, 1, 'x', 'charge'$$, 'FL005', 'there is no job 424242'), ($$null, 1, 'x', 'charge'$$, 'FL004', 'job_id is NULL and attempt is 1'),
  ($$id('b'), 1, '', 'charge'$$, 'FL004', 'the transaction id has 0 characters'), ($$id('b'), 1, 'b', null$$, 'FL004', 'effect NULL is not a name')) v (arguments, code, message);
select is(run($$select faultline.effect_sent(tap.id('b'), 1, 'b', 'charge')$$), 'SENT', 'faultline_runner may');
select refused(role, $$select faultline.effect_sent(1, 1, 'x', 'e')$$, '42501', 'permission denied for function effect_sent') from unnest(array['faultline_producer', 'faultline_operator', 'faultline_observer']) role;

select * from finish();
rollback;
