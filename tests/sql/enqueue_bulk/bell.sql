\ir ../../support/prelude.sql
-- enqueue_bulk wakes who sleeps on the bell of its queue if the jobs are ready, and nobody else.
\ir ../../support/bells.sql
insert into cases (call, woken, description) values
  ($$'[{}]'$$, 'default', 'no queue is the default one'),
  ($$'[{}, {}]', queue => null$$, 'default', 'as is NULL'),
  (format($$'[{}]', queue => %L$$, :'q'), :'q', 'the queue that is named'),
  ($$'[{}]', run_at => '2100-01-01'$$, '', 'not for what is ready later'),
  ($$'[{}]', run_at => '2020-01-01'$$, 'default', 'a time that has passed is now'),
  ($$'[]'$$, '', 'nobody for no job');
update cases set call = format('select faultline.enqueue_bulk(''t'', %s)', call);
\ir ../../support/bells_heard.sql
