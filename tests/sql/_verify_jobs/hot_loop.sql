\ir ../../support/operating.sql
select * from no_plan();

select job_in('queued') as hot \gset
create function tap.turn(times int) returns void language plpgsql
as $$
begin
  for n in 1..times loop
    perform faultline.release_job(c.job_id, c.attempt) from faultline.claim_job('default', gen_random_uuid()) c;
  end loop;
end
$$;
select turn(100);
select healthy('given back 100 times within a minute');
select turn(1);
select verify_says(array[format('5 hot_loop: job %s: 101 attempts of it ended within a minute', :hot)], 'and once more');
set session_replication_role = replica;
update faultline.job_events set at = at - interval '1 minute' where attempt = 1;
set session_replication_role = origin;
select healthy('over a longer time it is none');

select * from finish();
