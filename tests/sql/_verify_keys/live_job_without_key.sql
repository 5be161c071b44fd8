\ir ../../support/operating.sql
select * from no_plan();

select job_in('queued', '{"idempotency_key": "a"}') as a, job_in('failed', '{"idempotency_key": "b"}') as b, job_in('succeeded', '{"idempotency_key": "c"}') as c \gset
update faultline.idempotency_keys set expires_at = now() - interval '1 day';
select faultline.maintain() \g /dev/null
select healthy('keys live as long as their jobs, and no longer');
delete from faultline.idempotency_keys where key = 'a';
update faultline.idempotency_keys set job_id = :c where key = 'b';
select verify_says(array[
    format('6 live_job_without_key: job %s: key ''a'' of queue default is gone', :a),
    format('6 live_job_without_key: job %s: key ''b'' of queue default stands for job %s', :b, :c),
    format('6 key_of_other_job: key ''b'' of queue default: its job %s bears key ''c'' of queue default', :c)],
  'a key that is gone, and one that stands for another job');

select * from finish();
