\ir ../../support/prelude.sql
-- enqueue_many wakes who sleeps on the bell of a queue that has a new job ready, and nobody else.
\ir ../../support/bells.sql
insert into cases (call, woken, description) values
  ('[{"type": "t"}]', 'default', 'no queue is the default one'),
  ('[{"type": "t", "queue": null}]', 'default', 'as is null'),
  (format('[{"type": "t"}, {"type": "t", "queue": "%1$s"}, {"type": "t", "queue": "%1$s"}]', :'q'), 'default ' || :'q', 'each queue'),
  (format('[{"type": "t", "run_at": "2100-01-01"}, {"type": "t", "queue": "%s", "run_at": "2020-01-01"}]', :'q'), :'q', 'for what is ready'),
  (format('[{"type": "t", "idempotency_key": "k"}, {"type": "t", "queue": "%s", "run_at": null}]', :'q'), 'default ' || :'q', 'with a key or without'),
  (format('[{"type": "t", "idempotency_key": "k"}, {"type": "t", "queue": "%s"}]', :'q'), :'q', 'not for a job that was there'),
  ('[]', '', 'nobody for no job');
update cases set call = format('select * from faultline.enqueue_many(%L)', call);
\ir ../../support/bells_heard.sql
