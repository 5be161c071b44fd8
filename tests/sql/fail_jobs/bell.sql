\ir ../../support/prelude.sql
-- fail_jobs wakes who sleeps on the bells of those queues whose jobs may be tried again at once, and nobody else.
\ir ../../support/bells.sql
select running(n, jsonb_build_object('queue', q)) from (values ('a', :'q'), ('b', :'q'), ('c', :'q'), ('d', :'q'), ('e', 'default'), ('f', :'q'), ('g', 'default')) v (n, q) \g /dev/null
insert into cases (call, woken, description) values
  ('ids(''a'', ''b''), ''{1,1}'', retry_ins => ''{0,0}''', :'q', 'tried again at once: once'),
  ('ids(''c'', ''d'', ''e''), ''{1,1,1}'', retry_ins => ''{1 ms,NULL,1 h}''', '', 'not for what is ready later'),
  ('ids(''f'', ''g''), ''{1,1}'', retry_ins => ''{0,0}''', 'default ' || :'q', 'each queue');
update cases set call = format('select count(*) from faultline.fail_jobs(%s)', call);
\ir ../../support/bells_heard.sql
