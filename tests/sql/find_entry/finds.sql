\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- After a reply that was lost: the entry that this attempt wrote, or NULL.
select at_work('a'), at_work('b');
select changes_nothing('faultline_runner', $$select coalesce(faultline.find_entry(tap.id('a'), 1, 'a')::text, 'none')$$, 'none', 'none yet, and nothing is changed');
select entry_id as entry from faultline.apply_ledger(id('a'), 1, 'a', '{}') \gset
select is(faultline.find_entry(id('a'), 1, 'a'), :entry::bigint, 'the entry of this attempt');
select is(faultline.find_entry(id('a'), 2, 'a'), null, 'it is not that of another attempt');
select is(faultline.find_entry(id('b'), 1, 'a'), null, 'nor of another job');
select is(faultline.find_entry(id('a'), 1, 'b'), null, 'nor of another transaction');
select is(faultline.find_entry(424242, 1, 'a'), null, 'a job that never was has none');
select job_ends('a', 'queued'), claimed('a', 2);
select is(faultline.find_entry(id('a'), 1, 'a'), :entry::bigint, 'it is found when the attempt has ended');
select faultline.complete_job(id('a'), 2), reconciled();
select changes_nothing('faultline_runner', $$select faultline.find_entry(tap.id('a'), 1, 'a')::text$$, :'entry', 'and when the job has');
select refuses('select faultline.find_entry(' || arguments || ')', 'FL004', message, message)
from (values ($$null, 1, 'a'$$, 'job_id is NULL and attempt is 1'), ($$1, null, 'a'$$, 'job_id is 1 and attempt is NULL'), ('1, 1, null', 'the transaction id is NULL'), ($$1, 1, repeat('x', 256)$$, 'the transaction id has 256 characters')) v (arguments, message);
select refused(role, $$select faultline.find_entry(1, 1, 'x')$$, '42501', 'permission denied for function find_entry') from unnest(array['faultline_producer', 'faultline_operator', 'faultline_observer']) role;

select * from finish();
rollback;
