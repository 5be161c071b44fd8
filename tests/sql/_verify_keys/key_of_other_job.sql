\ir ../../support/operating.sql
select * from no_plan();

select job_in('queued', '{"idempotency_key": "a"}') as a, job_in('succeeded', '{"idempotency_key": "b", "queue": "mail"}') as b, job_in('succeeded') as bare \gset
select healthy('keys of the jobs that bear them');
insert into faultline.idempotency_keys
values ('mail', 'c', :b, 0, now(), now() + interval '7 days'), ('other', 'b', :b, 0, now(), now() + interval '7 days'),
       ('default', 'd', :bare, 0, now(), now() + interval '7 days');
select verify_says(array[
    format('6 key_of_other_job: key ''c'' of queue mail: its job %s bears key ''b'' of queue mail', :b),
    format('6 key_of_other_job: key ''b'' of queue other: its job %s bears key ''b'' of queue mail', :b),
    format('6 key_of_other_job: key ''d'' of queue default: its job %s bears key NULL of queue default', :bare)],
  'keys that stand for jobs that bear another, of another queue, or none');

-- A key that has expired may stand for a new job; what the old one bears stays history.
delete from faultline.idempotency_keys where key in ('c', 'd') or queue = 'other';
update faultline.idempotency_keys set expires_at = now() where key = 'b';
select isnt(faultline.enqueue('work', queue => 'mail', idempotency_key => 'b'), :b::bigint, 'an expired key has a new job');
select healthy('and both jobs bear it');

select * from finish();
