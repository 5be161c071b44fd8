\ir ../../support/ledger.sql
select * from no_plan();

-- Nothing to settle: it is a look, which writes nothing.
select applied('running') \g /dev/null
begin read only;
select is(reconciled(), '', 'with nothing to settle it works in a read-only transaction');
commit;

-- What somebody else is settling is skipped, and settled once.
set lock_timeout = '2s';
select at_work(n), job_ends(n, 'succeeded') from unnest(array['a', 'b', 'c']) n \g /dev/null
begin;
select reconciled(max => 1) as first \gset
prepare transaction 'reconciler';
select is(:'first'::text, 'a INIT→FAILED', 'one has the first');
select is(reconciled(), 'b INIT→FAILED, c INIT→FAILED', 'another settles the rest');
select is(reconciled(), '', 'and waits for nobody');
rollback prepared 'reconciler';
select is(reconciled(), 'a INIT→FAILED', 'what was not committed is settled later');
select applied(n), faultline.complete_job(id(n), 1) from unnest(array['e', 'f']) n \g /dev/null
begin;
select reconciled(max => 1) as first \gset
prepare transaction 'reconciler';
select is(:'first'::text, 'e APPLIED→RECONCILED', 'one has the first that has its entry');
select is((held($$transactions t where t.transaction_id = 'e'$$), held($$transactions t where t.transaction_id = 'f'$$)), ('for no key update'::text, 'free'::text), 'and has locked that alone');
select is(reconciled(), 'f APPLIED→RECONCILED', 'another settles the rest');
rollback prepared 'reconciler';
select is(reconciled(), 'e APPLIED→RECONCILED', 'and the first later');
select at_work('sent'), outside('sent', 'SENT'), job_ends('sent', 'succeeded') \g /dev/null
begin;
select reconciled() \g /dev/null
prepare transaction 'reconciler';
select is(held($$transactions t where t.transaction_id = 'sent'$$), 'for no key update', 'what waits for the outside is locked no more than that');
commit prepared 'reconciler';

-- The floor of advance_floor serves it.
select faultline.advance_floor('{}') as t1 \gset
select faultline.advance_floor('{}', :'t1') as t2 \gset
select is((:'t2'::jsonb ->> 'due')::timestamptz, (:'t1'::jsonb ->> 'next_at')::timestamptz, 'where nothing is due it is the proven time');
select at_work('d'), job_ends('d', 'succeeded') \g /dev/null
select faultline.advance_floor('{}', :'t2') as t3 \gset
select faultline.advance_floor('{}', :'t3') as t4 \gset
select is((:'t4'::jsonb ->> 'due')::timestamptz, (transaction('d')).due_at, 'else the first that is due');
select is(reconciled(false, floor => :'t4'), 'd INIT→FAILED', 'where it is found');
select healthy('all is well');

select * from finish();
