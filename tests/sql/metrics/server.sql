\ir ../../support/operating.sql
select * from no_plan();

-- The server's health: what it says differs from server to server.
create function tap.value(name text) returns float language sql as $$ select m.value from faultline.metrics() m where m.name = 'faultline_' || value.name $$;
select ok(value('server_connections') between 1 and value('server_connections_most'), 'sessions, and how many it takes');
select is(value('server_connections_most'), current_setting('max_connections')::float, 'which is max_connections');
select is(value('transaction_ids_used'), (select age(datfrozenxid)::float from pg_database where datname = current_database()), 'how far the database is from freezing');
select value('jobs_live_bytes') as bytes \gset
select job_in('queued', '{"queue": "q"}') from generate_series(1, 500) n \g /dev/null
select ok(value('jobs_live_bytes') > :bytes, 'the table of live jobs grows with them');
select value('payloads_bytes') as bytes \gset
select job_in('queued', large('large')) from generate_series(1, 500) n \g /dev/null
select ok(value('payloads_bytes') > :bytes, 'that of large payloads with them');
select is(value('jobs_live_dead_rows'), pg_stat_get_dead_tuples('faultline.jobs_live'::regclass)::float, 'and what in it waits for vacuum');

select * from finish();
