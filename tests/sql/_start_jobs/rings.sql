\ir ../../support/workflows.sql
-- Tasks that start wake whoever sleeps on the bell of their queue. The sleeper is a prepared transaction that holds it.
select * from no_plan();
\set notes `mktemp`
listen faultline;
select faultline.put_workflow('{"name": "w", "tasks": {"a": {"type": "t", "queue": "q"}, "b": {"type": "t", "queue": "q"}, "c": {"type": "t", "queue": "r"}}}') \g /dev/null
begin; select pg_advisory_xact_lock_shared(1181838444, faultline.bell('q')), pg_advisory_xact_lock_shared(1181838444, faultline.bell('r')); prepare transaction 'sleeper';
\o :notes
select faultline.trigger_workflow('w');
\o
\set heard `cat :notes; rm :notes`
rollback prepared 'sleeper';
select is((select string_agg(m[1], ' ' order by m[1]) from regexp_matches(:'heard', 'notification "faultline" with payload "(\w+)" received', 'gi') m), 'q r', 'once for each queue');
select * from finish();
