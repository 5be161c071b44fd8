\ir ../../support/prelude.sql
-- Whatever makes a job ready notifies, but only if somebody sleeps on the queue's bell. The sleeper is a prepared
-- transaction that holds the bell; notifications are read from what psql prints after each statement.
select * from no_plan();
\set notes `mktemp`
listen faultline;

select 'other ' || n as other from generate_series(1, 100) n where faultline.bell('other ' || n) <> faultline.bell('q') limit 1 \gset
select running(n, '{"queue": "q"}')
from unnest(array['completing', 'failing', 'failing at once', 'the last', 'snoozing', 'releasing', 'delaying', 'expiring', 'lost', 'unasked']) n;
select expired('expiring');
create temporary table cases (n int generated always as identity, statement text, rings int, description text);
insert into cases (statement, rings, description) values
  ($$select faultline._ring('q')$$, 1, 'a ring'),
  (format('select faultline._ring(%L)', :'other'), 0, 'a ring of another bell'),
  ($$select faultline.enqueue('t', queue => 'q')$$, 1, 'enqueue'),
  ($$select faultline.enqueue('t', queue => 'q', run_at => '2020-01-01')$$, 1, 'enqueue for a time that has passed'),
  ($$select faultline.enqueue('t', queue => 'q', run_at => '2100-01-01')$$, 0, 'enqueue for a time to come'),
  ($$select faultline.enqueue('t', queue => 'q', idempotency_key => 'k')$$, 1, 'enqueue with a key'),
  ($$select faultline.enqueue('t', queue => 'q', idempotency_key => 'k')$$, 0, 'enqueue that finds its job'),
  ($$select * from faultline.enqueue_many('[{"type": "t", "queue": "q"}, {"type": "t", "queue": "q"}]')$$, 1, 'enqueue_many, once for all'),
  ($$select * from faultline.enqueue_many('[{"type": "t", "queue": "q", "idempotency_key": "many"}]')$$, 1, 'enqueue_many with a key'),
  ($$select * from faultline.enqueue_many('[{"type": "t", "queue": "q", "idempotency_key": "many"}, {"type": "t", "queue": "q", "run_at": "2100-01-01"}]')$$, 0, 'enqueue_many with nothing that is ready'),
  ($$select faultline.submit_transaction('x', 't', queue => 'q')$$, 1, 'submit_transaction'),
  ($$select faultline.submit_transaction('x', 't', queue => 'q')$$, 0, 'submit_transaction that finds its job'),
  ($$select faultline.submit_transaction('y', 't', queue => 'q', run_at => '2100-01-01')$$, 0, 'submit_transaction for a time to come'),
  ($$delete from faultline.jobs_live where transaction_id = 'x'; select faultline.reconcile()$$, 1, 'reconcile that gives a transaction its job again'),
  ($$select faultline.complete_job(id('completing'), 1)$$, 0, 'complete_job'),
  ($$select faultline.fail_job(id('failing'), 1, '{}')$$, 0, 'fail_job: the retry waits'),
  ($$select faultline.fail_job(id('failing at once'), 1, '{}', retry_in => '0')$$, 1, 'fail_job with retry_in 0'),
  ($$select faultline.fail_job(id('the last'), 1, '{}', retryable => false)$$, 0, 'fail_job for good'),
  ($$select faultline.snooze_job(id('snoozing'), 1, '1 hour')$$, 0, 'snooze_job'),
  ($$select faultline.release_job(id('releasing'), 1)$$, 1, 'release_job'),
  ($$select faultline.release_job(id('delaying'), 1, '1 hour')$$, 0, 'release_job with a delay'),
  ($$select faultline.reap_expired()$$, 0, 'reap_expired: the retry waits'),
  ($$select faultline.release_unknown(runner(1), ids('unasked'))$$, 1, 'release_unknown');

begin; select pg_advisory_xact_lock_shared(1181838444, faultline.bell('q')); prepare transaction 'sleeper';
\o :notes
select format('select ''case %s.''', n), statement from cases order by n \gexec
\o
\set heard `cat :notes`
select ok(faultline._ring('q'), 'it says that somebody was woken');
rollback prepared 'sleeper';
select is((select count(*) from regexp_matches(heard, 'notification "faultline" with payload "q" received', 'g')), rings::bigint,
          description || case rings when 1 then ' wakes the sleeper' else ' does not' end)
from cases join regexp_split_to_table(:'heard', 'case ') heard on heard like n || '.%';

\o :notes
select faultline._ring('q');
select faultline.enqueue('t', queue => 'q');
\o
\set heard `cat :notes; rm :notes`
select ok(not faultline._ring('q'), 'it says that nobody was');
select is(position('notification' in :'heard'), 0, 'nobody sleeps: nobody is notified');
select is((select count(*) from pg_locks where locktype = 'advisory'), 0::bigint, 'and the lock that was tried is given back');
select * from finish();
