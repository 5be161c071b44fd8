\ir ../../support/operating.sql
select * from no_plan();

select job_in('queued', '{"idempotency_key": "a"}') as a, job_in('succeeded', '{"idempotency_key": "b", "queue": "mail"}') as b, job_in('succeeded') as bare \gset
select healthy('keys of the jobs that bear them');
insert into faultline.idempotency_keys
select 'q', 'k' || id, id, 0, now(), now() + interval '7 days' from unnest(array[:b, :bare]) id;
select verify_says(array[
    format('6 key_of_other_job: key ''k%s'' of queue q: its job %s bears key ''b'' of queue mail', :b, :b),
    format('6 key_of_other_job: key ''k%s'' of queue q: its job %s bears key NULL of queue default', :bare, :bare)],
  'keys that stand for jobs that do not bear them');

-- A key that has expired may stand for a new job; what the old one bears stays history.
delete from faultline.idempotency_keys where queue = 'q';
update faultline.idempotency_keys set expires_at = now() where key = 'b';
select isnt(faultline.enqueue('work', queue => 'mail', idempotency_key => 'b'), :b::bigint, 'an expired key has a new job');
select healthy('and both jobs bear it');

select * from finish();
