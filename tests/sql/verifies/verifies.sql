\ir ../../support/operating.sql
select * from no_plan();

create function tap.peer(n int) returns uuid language sql as $$ select ('aaaaaaaa-0000-0000-0000-00000000000' || n)::uuid $$;
create function tap.who() returns text language sql as $$ select string_agg(n::text, ' ' order by n) from generate_series(1, 4) n where run(format('select faultline.verifies(%L)', peer(n))) = 'true' $$;
select is(who(), null, 'without runners nobody');
select faultline.register_runner(peer(n), 'h', n, 'v') from unnest(array[2, 1, 3]) n \g /dev/null
update faultline.runners set started_at = now() - pid * interval '1 hour';
select is(who(), '3', 'of several, the one that has been there longest, and no other');
update faultline.runners set last_seen_at = clock_timestamp() - interval '59 s' where pid = 3;
select is(who(), '3', 'seen less than a minute ago, it is there');
update faultline.runners set last_seen_at = clock_timestamp() - interval '61 s' where pid = 3;
select is(who(), '2', 'after a minute the next one does it');
update faultline.runners set started_at = now();
select is(who(), '1', 'of two that started at the same moment, one');
select is(run('select faultline.verifies(null)'), 'false', 'nobody is nobody');
select changes_nothing('faultline_runner', format('select faultline.verifies(%L)', peer(1)), 'true', 'asking changes nothing');

select * from finish();
