\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- Bounded, who has waited longest first.
create function tap.over(n int) returns void language sql as $$ select at_work('t' || i), job_ends('t' || i, 'succeeded') from generate_series(1, n) i $$;
select over(5);
update faultline.transactions set due_at = clock_timestamp() - (10 - right(transaction_id, 1)::int) * interval '1 s';
select is(reconciled(max => 2), 't1 INIT→FAILED, t2 INIT→FAILED', 'at most max, the oldest first');
select is(reconciled(false, 1), 't3 INIT→FAILED', 'also without a sweep');
select is(reconciled(max => 10000), 't4 INIT→FAILED, t5 INIT→FAILED', 'ten thousand');
-- What nothing told of: only a sweep finds it. The due ones go first, and both together are at most max.
create function tap.untold(name text) returns void language plpgsql as $$
begin
  perform at_work(untold.name), job_ends(untold.name, 'succeeded');
  update faultline.transactions set due_at = null where transaction_id = untold.name;
end
$$;
select untold('u1'), untold('u2'), at_work('d'), job_ends('d', 'succeeded'), applied('a'), applied('b');
select job_ends('a', 'queued'), job_ends('b', 'queued');
update faultline.transactions set due_at = null where transaction_id in ('a', 'b');
select is(reconciled(false), 'd INIT→FAILED', 'without a sweep: what something told of');
select is(reconciled(false), '', 'nothing else');
select is((select count(*) from faultline.reconcile(3)), 3::bigint, 'a sweep finds the rest, at most max');
select is((select count(*) from faultline.reconcile(3)), 1::bigint, 'all of it in the end');
select is(reconciled(), '', 'and no more');
select untold('u3');
select is((select count(*) from faultline.reconcile(null, null, null)), 1::bigint, 'NULL means the default: a thousand, with a sweep');
select refuses(format('select * from faultline.reconcile(%s)', n), 'FL004', format('max %s is out of bounds', n), 'max ' || n) from unnest(array[0, -1, 10001]) n;

select applied(n), job_ends(n, 'queued'), untold('i' || n) from unnest(array['1', '2', '3']) n;
update faultline.transactions set due_at = null where transaction_id in ('1', '2', '3');
select at_work('told'), job_ends('told', 'succeeded');
select is((select array_agg(transaction_id) @> '{told}' and count(*) = 3 from faultline.reconcile(3)), true, 'one that is due and two that are not, of six, are three');
select is((select count(*) from faultline.reconcile()), 4::bigint, 'and then the others');
select at_work(n), job_ends(n, 'succeeded') from unnest(array['zoe', 'bob', 'max', 'amy', 'ian', 'eve']) n;
select is(string_agg(transaction_id, ' '), 'zoe bob max amy ian eve', 'each in its turn, who has waited longest first') from faultline.reconcile();

-- What is due later is not looked at; a floor says where to start.
select at_work('later'), job_ends('later', 'succeeded');
update faultline.transactions set due_at = clock_timestamp() + interval '1 hour' where transaction_id = 'later';
select is(reconciled(), '', 'what is due in an hour is left alone');
update faultline.transactions set due_at = clock_timestamp() - interval '1 hour' where transaction_id = 'later';
create function tap.token(due timestamptz, read_at timestamptz default clock_timestamp()) returns text language sql as $$ select jsonb_build_object('read_at', read_at, 'due', due)::text $$;
select is(reconciled(false, floor => token(clock_timestamp() - interval '59 minutes')), '', 'the walk starts at the floor');
select is(reconciled(false, floor => token(null)), 'later INIT→FAILED', 'a token without one is none');
select at_work('future'), job_ends('future', 'succeeded');
select is(reconciled(false, floor => token('infinity', clock_timestamp() + interval '1 hour')), 'future INIT→FAILED', 'nor one that is ahead of the clock');
select refuses($$select * from faultline.reconcile(floor => 'junk')$$, 'FL004', '''junk'' is not a token of advance_floor', 'what is no token is refused');

select at_work(n), job_ends(n, 'succeeded') from unnest(array['r', 'o']) n;
update faultline.transactions set due_at = due_at - interval '1 s' where transaction_id = 'r';
select is(run($$select transaction_id || from_state || to_state from faultline.reconcile(1, null, false)$$), 'rINITFAILED', 'faultline_runner may');
select is(operate($$select transaction_id || from_state || to_state from faultline.reconcile('10')$$), 'oINITFAILED', 'faultline_operator may');
select refused(role, 'select * from faultline.reconcile()', '42501', 'permission denied for function reconcile') from unnest(array['faultline_producer', 'faultline_observer']) role;
select healthy('all is well');

-- NULL means a thousand.
set session_replication_role = replica;
insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, job_state, state, created_at, due_at)
select 'many ' || n, 't', '{}', 0, 10000 + n, 'succeeded', 'APPLIED', now(), now() from generate_series(1, 1001) n;
insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) select 'many ' || n, 10000 + n, 1, '{}', now() from generate_series(1, 1001) n;
set session_replication_role = origin;
select is(count(*), 1000::bigint, 'a thousand of a thousand and one') from faultline.reconcile(null);
select is(count(*), 1::bigint, 'then the last') from faultline.reconcile(null);

select * from finish();
rollback;
