\ir ../../support/operating.sql
select * from no_plan();

select healthy('before the first job');
select job_in('succeeded') as done, job_in('queued') as top \gset
select setval('faultline.jobs_live_job_id_seq', :top) \g /dev/null
select healthy('the sequence stands at the last job');
select setval('faultline.jobs_live_job_id_seq', :top, false) \g /dev/null
select verify_says(array[format('1 id_beyond_sequence: job %s: its id is beyond the sequence, which is at %s: new jobs will collide', :top, :top)],
  'the next job would get the id of the last one');
select setval('faultline.jobs_live_job_id_seq', :done) \g /dev/null
select verify_says(array[format('1 id_beyond_sequence: job %s: its id is beyond the sequence, which is at %s: new jobs will collide', :top, :done)],
  'a live job is ahead of it');
select faultline.cancel_job(:top) \g /dev/null
select verify_says(array[format('1 id_beyond_sequence: job %s: its id is beyond the sequence, which is at %s: new jobs will collide', :top, :done)],
  'or a finished one, whose id must never come again either');
select setval('faultline.jobs_live_job_id_seq', :top) \g /dev/null
select healthy('set right again');

select * from finish();
