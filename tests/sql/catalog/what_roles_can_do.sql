\ir ../../support/operating.sql
select * from no_plan();

-- Promise 13 as people meet it: what is refused, said by the server itself.
select refused(role, statement, '42501', 'permission denied for ' || object)
from unnest(array['faultline_producer', 'faultline_runner', 'faultline_operator', 'faultline_observer']) role,
  (values
    ('select count(*) from faultline.jobs_live', 'table jobs_live'),
    ('insert into faultline.jobs_live (type) values (''t'') returning 1', 'table jobs_live'),
    ('update faultline.jobs_done set state = ''succeeded'' returning 1', 'table jobs_done'),
    ('delete from faultline.job_events returning 1', 'table job_events'),
    ('select count(*) from faultline.jobs_done_default', 'table jobs_done_default'),
    ('select lease from faultline.settings', 'table settings'),
    ('select nextval(''faultline.jobs_live_job_id_seq'')', 'sequence jobs_live_job_id_seq'),
    ('select count(*) from faultline.transactions', 'table transactions'),
    ('update faultline.ledger_entries set attempt = 2 returning 1', 'table ledger_entries'),
    ('insert into faultline.postings (entry_id, account, currency, amount) values (1, ''a'', ''EUR'', 1) returning 1', 'table postings'),
    ('delete from faultline.effects returning 1', 'table effects'),
    ('select floor from faultline.accounts', 'table accounts'),
    ('select nextval(''faultline.postings_posting_id_seq'')', 'sequence postings_posting_id_seq'),
    ('select count(*) from faultline.schedules', 'table schedules'),
    ('insert into faultline.schedule_ticks (schedule, tick_at, kind, outcome, version, fired_at) values (''s'', now(), ''now'', ''skipped'', 1, now()) returning 1', 'table schedule_ticks'),
    ('select faultline._ago(''1 s'')', 'function _ago'),
    ('select faultline._fold_postings(1)', 'function _fold_postings'),
    ('select faultline._tell_transaction(''x'', null)', 'function _tell_transaction'),
    ('select faultline._record(1, 1, ''retry'', null, ''{}'')', 'function _record')
  ) as v (statement, object);
select refused('faultline_observer', 'insert into faultline.event_log (verb) values (''retry'') returning 1', '42501', 'permission denied for view event_log');
select refused('faultline_producer', 'select count(*) from faultline.jobs', '42501', 'permission denied for view jobs');
select refused('faultline_operator', 'select faultline.set_config(''a'', ''b'', true)', '42883', 'function faultline.set_config(unknown, unknown, boolean) does not exist');
select throws_ok($$set role faultline_observer; create table faultline.mine (n int)$$, '42501', 'permission denied for schema faultline', 'nobody creates in the schema');

-- A role without any of it.
create role somebody;
select refused('somebody', 'select faultline.enqueue(''t'')', '42501', 'permission denied for schema faultline');
grant usage on schema faultline to somebody;
select refused('somebody', 'select faultline.enqueue(''t'')', '42501', 'permission denied for function enqueue');
revoke usage on schema faultline from somebody;
drop role somebody;

select * from finish();
