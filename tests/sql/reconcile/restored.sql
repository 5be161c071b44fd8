\ir ../../support/ledger.sql
begin;
select * from no_plan();

-- The tables of the ledger alone are restored into another database: its sequence of jobs lies behind, and other jobs have
-- had those ids.
select queued('early'), running('twin'), faultline.complete_job(id('twin'), 1);
set session_replication_role = replica;
insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at)
select format('restored %s', n), 't', jsonb_build_object('n', n), faultline._arguments_hash('t', jsonb_build_object('n', n)), id('twin') + n - 1, now() from generate_series(1, 20) n;
set session_replication_role = origin;
select is((select count(*) from faultline.reconcile()), 20::bigint, 'each is given its job again');
select is((select array_agg(distinct state) from faultline.transactions), '{INIT}', 'none is taken for finished because another''s job of its kind had its id');
select is((select count(*) from faultline.transactions t join faultline.jobs_live j on j.job_id = t.job_id and j.transaction_id = t.transaction_id), 20::bigint, 'and a job of its own');
select is_empty('select * from faultline.reconcile()', 'a second pass changes nothing');
select isnt(faultline.submit_transaction('new', 't', '{"n": 0}'), null, 'a new one finds an id that is free');
select healthy('and all is well');

-- A job whose id a restored transaction has can not carry out another.
select queued('plain') as plain \gset
set session_replication_role = replica;
insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at) values ('old', 't', '{}', 1, :plain, now());
set session_replication_role = origin;
select claimed('plain');
select refuses(format('select faultline.apply_ledger(%s, 1, ''mine'', ''{}'')', :plain), 'FL003', format('job %s is that of another transaction already', :plain), 'and is told so');

-- The ids of transactions are beyond the sequence: verify says so.
set session_replication_role = replica;
insert into faultline.transactions (transaction_id, kind, request, request_hash, job_id, created_at) values ('far', 't', '{}', 1, 1000000, now());
set session_replication_role = origin;
select is((select count(*) from faultline.verify() where check_name = 'id_beyond_sequence' and subject = 'job 1000000'), 1::bigint, 'new jobs will collide');

select * from finish();
rollback;
