\ir ../../support/ledger.sql
begin;
select * from no_plan();

select at_work('a'), running('b'), running('c');
select is(faultline._lock_transaction(live('a'), 'a'), transaction('a'), 'the transaction of a job');
select is((t.transaction_id, t.kind, t.request, t.job_id, t.state), ('made'::text, 't'::text, '{"name": "b"}'::jsonb, id('b'), 'INIT'::text), 'made if nobody has submitted it') from faultline._lock_transaction(live('b'), 'made') t;
select ok((transaction('made')).created_at > now(), 'now, by the clock');
select is(transaction('made'), faultline._lock_transaction(live('b'), 'made'), 'once');
select is(((live('b')).transaction_id, (live('c')).transaction_id), ('made'::text, null::text), 'the job knows it, and no other');
select refuses($$select faultline._lock_transaction(live('b'), 'other')$$, 'FL002', format('job %s carries out transaction ''made'', not ''other''', id('b')), 'a job has one transaction');
select refuses($$select faultline._lock_transaction(live('b'), 'a')$$, 'FL002', format('transaction ''a'' stands for job %s, which has another kind or request', id('a')), 'and not that of another');
select refuses($$select faultline._lock_transaction(live('c'), 'a')$$, 'FL002', format('transaction ''a'' stands for job %s, which has another kind or request', id('a')), 'nor has one that has none yet');
-- The same kind and request: the caller sees whose it is.
select faultline.enqueue('t', '{"name": "a"}', 'dup') as dup \gset
select is((faultline._lock_transaction(job(:dup), 'a')).job_id, (transaction('a')).job_id, 'a duplicate gets the transaction of the other job');
select faultline.enqueue('other', '{"name": "a"}', 'dup') as other \gset
select refuses(format('select faultline._lock_transaction(job(%s), ''a'')', :other), 'FL002', format('transaction ''a'' stands for job %s, which has another kind or request', (transaction('a')).job_id), 'not one of another kind');
update faultline.jobs_live set transaction_id = 'x' where job_id = :dup;
select refuses(format('select faultline._lock_transaction(job(%s), ''a'')', :dup), 'FL002', format('transaction ''a'' stands for job %s, which has another kind or request', (transaction('a')).job_id), 'unless it carries out another');
select faultline.fail_transaction('made', 'r');
select refuses($$select faultline._lock_transaction(live('b'), 'made')$$, 'FL006', 'transaction ''made'' has failed: r', 'one that has failed is burnt');

-- A job whose id a transaction has that was restored from elsewhere can make none of its own.
update faultline.transactions set job_id = id('c') where transaction_id = 'a';
select refuses($$select faultline._lock_transaction(live('c'), 'mine')$$, 'FL003', format('job %s is that of another transaction already', id('c')), 'and is told so');

select * from finish();
rollback;
