\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- How its job ended; what reconcile has to look at is due at once.
create function tap.told(name text, job_state text) returns text language plpgsql as $$
begin
  perform faultline._tell_transaction(told.name, job_state);
  return stands(told.name);
end
$$;
select submitted(n) from unnest(array['a', 'b', 'c']) n;
select is(told(n, s), 'INIT ' || s || ' due', s) from (values ('a', 'succeeded'), ('b', 'cancelled'), ('c', 'discarded')) v (n, s);
select ok((transaction('a')).due_at > now() and (transaction('a')).due_at <= clock_timestamp(), 'now, by the clock');
select changes_nothing('none', $$select told('a', 'succeeded')$$, 'INIT succeeded due', 'again: nothing is changed');
select changes_nothing('none', $$select faultline._tell_transaction('nobody', 'succeeded')$$, '', 'nobody');
-- NULL: an attempt is over, the job is not.
select submitted('live'), applied('applied');
select changes_nothing('none', $$select told('live', null)$$, 'INIT', 'INIT: the next attempt will do it');
select is(told('applied', null), 'APPLIED due', 'APPLIED: it can be reconciled');
select reconciled();
select is(stands('applied'), 'APPLIED', 'once the job isn''t running');
select is(told('applied', 'succeeded'), 'APPLIED succeeded due', 'or has ended');
select is(told('applied', null), 'APPLIED succeeded due', 'how it ended stays known');
-- A transaction that is settled is not due, but knows how its job ended.
select applied('early'), job_ends('early', 'queued'), reconciled();
select is(told('early', 'cancelled'), 'RECONCILED cancelled', 'settled already: only how it ended');
select changes_nothing('none', $$select told('early', null)$$, 'RECONCILED cancelled', 'nothing is due');

-- What ends a job tells it, whichever way: alone, in a group, by an operator, by the reaper.
select at_work(n), at_work(n || ' 2') from unnest(array['succeeded', 'cancelled', 'discarded']) n;
select job_ends(n, n) from unnest(array['succeeded', 'cancelled', 'discarded']) n;
select is(stands(n), 'INIT ' || n || ' due', n) from unnest(array['succeeded', 'cancelled', 'discarded']) n;
select applied('group'), running('no transaction'), submitted('queued');
select answers($$select verdict from faultline.complete_jobs(ids('succeeded 2', 'group', 'no transaction'), '{1,1,1}')$$, 'ok ok ok', 'a group');
select is(stands(n), s, n || ', in a group') from (values ('succeeded 2', 'INIT succeeded due'), ('group', 'APPLIED succeeded due')) v (n, s);
select faultline.cancel_job(id('queued'));
select is(stands('queued'), 'INIT cancelled due', 'cancelled while it waited');
select faultline.cancel_job(id('cancelled 2')), faultline.fail_job(id('cancelled 2'), 1, '{}');
select is(stands('cancelled 2'), 'INIT cancelled due', 'cancelled when it failed');
select expired('discarded 2'), faultline.reap_expired();
select is(stands('discarded 2'), 'INIT', 'expired: it is queued again');
-- An attempt that ends after its entry lets reconcile look; so does its last.
select applied('f ' || v), job_ends('f ' || v, v) from unnest(array['queued', 'failed']) v;
select applied('f snoozed'), faultline.snooze_job(id('f snoozed'), 1, '1 s'), applied('f expired'), expired('f expired'), faultline.reap_expired(), applied('f given back'), faultline.release_unknown(runner(1), '{}');
select is(stands('f ' || v), 'APPLIED due', 'its attempt ended: ' || v) from unnest(array['queued', 'failed', 'snoozed', 'expired', 'given back']) v;

select * from finish();
rollback;
