-- Makes the calls that bells.sql has gathered while the bells are held, and compares who was woken.
begin;
select pg_advisory_xact_lock_shared(1181838444, faultline.bell(q)) from unnest(array['default', :'q']) q;
prepare transaction 'sleepers';
\o :notes
select format('select ''case %s.''', n), call from cases order by n \gexec
\o
\set heard `cat :notes; rm :notes`
rollback prepared 'sleepers';
select is((select coalesce(string_agg(m[1], ' ' order by m[1]), '') from regexp_matches(heard, 'notification "faultline" with payload "(\w+)" received', 'g') m), woken, description)
from cases join regexp_split_to_table(:'heard', 'case ') heard on heard like n || '.%';
select * from finish();
