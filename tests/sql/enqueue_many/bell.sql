\ir ../../support/prelude.sql
-- enqueue_many wakes who sleeps on the bell of a queue that has a new job ready, and nobody else. The sleepers are a
-- prepared transaction that holds the bells; notifications are read from what psql prints after each statement.
select * from no_plan();
\set notes `mktemp`
listen faultline;

select 'q' || n as q from generate_series(1, 100) n where faultline.bell('q' || n) <> faultline.bell('default') limit 1 \gset
create temporary table cases (n int generated always as identity, jobs text, woken text, description text);
insert into cases (jobs, woken, description) values
  ('[{"type": "t"}]', 'default', 'no queue is the default one'),
  ('[{"type": "t", "queue": null}]', 'default', 'as is null'),
  (format('[{"type": "t"}, {"type": "t", "queue": "%1$s"}, {"type": "t", "queue": "%1$s"}]', :'q'), 'default ' || :'q', 'each queue'),
  (format('[{"type": "t", "run_at": "2100-01-01"}, {"type": "t", "queue": "%s", "run_at": "2020-01-01"}]', :'q'), :'q', 'for what is ready'),
  (format('[{"type": "t", "idempotency_key": "k"}, {"type": "t", "queue": "%s", "run_at": null}]', :'q'), 'default ' || :'q', 'with a key or without'),
  (format('[{"type": "t", "idempotency_key": "k"}, {"type": "t", "queue": "%s"}]', :'q'), :'q', 'not for a job that was there'),
  ('[]', '', 'nobody for no job');

begin;
select pg_advisory_xact_lock_shared(1181838444, faultline.bell(q)) from unnest(array['default', :'q']) q;
prepare transaction 'sleepers';
\o :notes
select format('select ''case %s.''', n), format('select * from faultline.enqueue_many(%L)', jobs) from cases order by n \gexec
\o
\set heard `cat :notes; rm :notes`
rollback prepared 'sleepers';
select is((select coalesce(string_agg(m[1], ' ' order by m[1]), '') from regexp_matches(heard, 'notification "faultline" with payload "(\w+)" received', 'g') m), woken, description)
from cases join regexp_split_to_table(:'heard', 'case ') heard on heard like n || '.%';
select * from finish();
