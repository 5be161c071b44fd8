\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- What could be settled though nothing is due; what can't be is not in it, however often it is asked.
create function tap.unsettled(max int default 100) returns text language sql as $$ select coalesce(string_agg(u, ', ' order by u), '') from faultline._unsettled(max) u $$;
select at_work('init ' || how), job_ends('init ' || how, how), applied('applied ' || how), job_ends('applied ' || how, how)
from unnest(array['queued', 'running', 'failed', 'succeeded', 'cancelled', 'discarded', 'never was']) how;
select is(unsettled(), 'applied never was, init never was', 'what is due is not in it: it is found anyway');
update faultline.transactions set due_at = null;
select is(unsettled(), 'applied cancelled, applied discarded, applied failed, applied never was, applied queued, applied succeeded, init cancelled, init discarded, init never was, init succeeded',
  'an entry and no running job; no entry and a job that is over or never was');
select is((select count(*) from faultline._unsettled(2)), 4::bigint, 'at most max of each kind');
select is((select count(*) from faultline._unsettled(0)), 0::bigint, 'also none');

-- A job is the transaction's by its id and by what it names: in a database restored from elsewhere either may be another's.
select running('stray'), applied('applied foreign'), at_work('init foreign'), running('other stray');
update faultline.jobs_live set transaction_id = null where job_id in (id('applied foreign'), id('init foreign'));
update faultline.jobs_live set transaction_id = 'applied never was' where job_id = id('stray');
update faultline.jobs_live set transaction_id = 'init never was' where job_id = id('other stray');
update faultline.transactions set due_at = null;
select is(unsettled(), 'applied cancelled, applied discarded, applied failed, applied foreign, applied never was, applied queued, applied succeeded, init cancelled, init discarded, init foreign, init never was, init succeeded',
  'a running job that has only the id, or only names the transaction, is not its job');

-- Waiting for the outside is no reason, but having no one ask it is; nor is an entry that is missing.
select at_work('sent'), outside('sent', 'SENT'), job_ends('sent', 'succeeded'), at_work('told'), outside('told', 'SENT'), job_ends('told', 'succeeded'), submitted('corrupt'), at_work('entry');
update faultline.effects set ask_at = now() where transaction_id = 'told';
update faultline.transactions set state = 'APPLIED' where transaction_id = 'corrupt';
update faultline.transactions set due_at = null;
insert into faultline.ledger_entries (transaction_id, job_id, attempt, effect, applied_at) values ('entry', id('entry'), 1, '{}', now());
select reconciled();
select is(unsettled(), '', 'after a pass there is none');
update faultline.effects set ask_at = null where transaction_id in ('sent', 'told');
select is(unsettled(), 'sent, told', 'SENT, its job over, and nobody asks');

select * from finish();
rollback;
