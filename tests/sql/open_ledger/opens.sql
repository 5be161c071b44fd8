\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- NULL: the work is still to be done by this attempt; else the entry that is there. A look, which changes nothing.
create function tap.opened(name text, attempt int, transaction_id text) returns text language sql as $$
select changes_nothing('faultline_runner', format('select coalesce(faultline.open_ledger(%s, %s, %L)::text, ''to be done'')', id(opened.name), attempt, transaction_id),
  coalesce((select (entry(opened.transaction_id)).entry_id::text), 'to be done'), format('%s, attempt %s: %s', opened.name, attempt, coalesce('entry of ' || (entry(opened.transaction_id)).job_id, 'to be done')))
$$;
select at_work('a'), running('b');
select opened('a', 1, 'a');
select opened('b', 1, 'nobody has submitted it');
select is((select count(*) from faultline.transactions), 1::bigint, 'no transaction is made by a look');
select is(entry_id > 0, true, 'applied') from faultline.apply_ledger(id('a'), 1, 'a', '{}');
select opened('a', 1, 'a');
select job_ends('a', 'queued');
select opened('a', 1, 'a');
select claimed('a', 2);
select opened('a', 1, 'a');
select opened('a', 2, 'a');
select faultline.complete_job(id('a'), 2);
select opened('a', 1, 'a');

-- A duplicate.
select faultline.enqueue('t', '{"name": "c"}', 'dup') as dup \gset
select faultline.submit_transaction('c', 't', '{"name": "c"}', 'c') as own \gset
select count(*) from faultline.claim_jobs('{dup,c}', runner(1), 2);
select is(faultline.open_ledger(:dup, 1, 'c'), null, 'a duplicate may look');
select entry_id as entry from faultline.apply_ledger(:own, 1, 'c', '{}') \gset
select is(faultline.open_ledger(:dup, 1, 'c'), :entry::bigint, 'and finds the entry once it is there');

-- A statement sees one moment.
select at_work('moment');
select is((entry > 0, seen), (true, null::bigint), 'not what the statement applies itself')
from (select (select entry_id from faultline.apply_ledger(id('moment'), 1, 'moment', '{}')) as entry, faultline.open_ledger(id('moment'), 1, 'moment') as seen offset 0) statement;
select opened('moment', 1, 'moment');

select at_work('d'), faultline.fail_transaction('d', 'r'), at_work('e'), at_work('stale'), job_ends('stale', 'queued');
select refuses('select faultline.open_ledger(' || arguments || ')', code, message, message)
from (values
  ($$id('d'), 1, 'd'$$, 'FL006', 'transaction ''d'' has failed: r'),
  ($$id('e'), 1, 'd'$$, 'FL006', 'transaction ''d'' has failed: r'),
  ($$id('e'), 1, 'c'$$, 'FL002', format('transaction ''c'' stands for job %s, which has another kind or request', :own)),
  ($$id('stale'), 1, 'stale'$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is queued at attempt 1', id('stale'))),
  ($$id('a'), 2, 'a'$$, 'FL001', format('attempt 2 of job %s may not apply it: the job is succeeded at attempt 2', id('a'))),
  ($$id('a'), 1, 'c'$$, 'FL002', format('transaction ''c'' stands for job %s, which has another kind or request', :own)),
  ($$id('a'), 1, 'nobody has submitted it'$$, 'FL002', format('attempt 1 of job %s has ended, and not with transaction ''nobody has submitted it''', id('a'))),
  ($$424242, 1, 'a'$$, 'FL005', 'there is no job 424242'), ($$null, 1, 'a'$$, 'FL004', 'job_id is NULL and attempt is 1'),
  ($$1, 1, null$$, 'FL004', 'the transaction id is NULL'), ($$1, 1, ''$$, 'FL004', 'the transaction id has 0 characters')) v (arguments, code, message);
select claimed('stale', 2);
select refuses($$select faultline.open_ledger(id('stale'), 1, 'stale')$$, 'FL001', format('attempt 1 of job %s may not apply it: the job is running at attempt 2', id('stale')), 'an attempt that another has followed');
select opened('stale', 2, 'stale');
select refused(role, $$select faultline.open_ledger(1, 1, 'x')$$, '42501', 'permission denied for function open_ledger') from unnest(array['faultline_producer', 'faultline_operator', 'faultline_observer']) role;

select * from finish();
rollback;
