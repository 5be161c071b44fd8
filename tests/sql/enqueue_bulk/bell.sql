\ir ../../support/prelude.sql
-- enqueue_bulk wakes who sleeps on the bell of its queue if the jobs are ready, and nobody else. The sleepers are a
-- prepared transaction that holds the bells; notifications are read from what psql prints after each statement.
select * from no_plan();
\set notes `mktemp`
listen faultline;

select 'q' || n as q from generate_series(1, 100) n where faultline.bell('q' || n) <> faultline.bell('default') limit 1 \gset
create temporary table cases (n int generated always as identity, arguments text, woken text, description text);
insert into cases (arguments, woken, description) values
  ($$'[{}]'$$, 'default', 'no queue is the default one'),
  ($$'[{}, {}]', queue => null$$, 'default', 'as is NULL'),
  (format($$'[{}]', queue => %L$$, :'q'), :'q', 'the queue that is named'),
  ($$'[{}]', run_at => '2100-01-01'$$, '', 'not for what is ready later'),
  ($$'[{}]', run_at => '2020-01-01'$$, 'default', 'a time that has passed is now'),
  ($$'[]'$$, '', 'nobody for no job');

begin;
select pg_advisory_xact_lock_shared(1181838444, faultline.bell(q)) from unnest(array['default', :'q']) q;
prepare transaction 'sleepers';
\o :notes
select format('select ''case %s.''', n), format('select faultline.enqueue_bulk(''t'', %s)', arguments) from cases order by n \gexec
\o
\set heard `cat :notes; rm :notes`
rollback prepared 'sleepers';
select is((select coalesce(string_agg(m[1], ' ' order by m[1]), '') from regexp_matches(heard, 'notification "faultline" with payload "(\w+)" received', 'g') m), woken, description)
from cases join regexp_split_to_table(:'heard', 'case ') heard on heard like n || '.%';
select * from finish();
