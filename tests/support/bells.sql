-- Who is woken by which call: fill cases(call, woken, description), of which :q is a queue with another bell than default's;
-- then include bells_heard.sql. The sleepers are a prepared transaction that holds the bells; notifications are read from
-- what psql prints after each statement.
select * from no_plan();
\set notes `mktemp`
listen faultline;

select 'q' || n as q from generate_series(1, 100) n where faultline.bell('q' || n) <> faultline.bell('default') limit 1 \gset
create temporary table cases (n int generated always as identity, call text, woken text, description text);
