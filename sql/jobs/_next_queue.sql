-- The first queue name after one and before another (NULL: no end) that has queued jobs, or any live jobs at all.
-- One probe of each index; both bounds are its conditions, so what is dead beyond them is not walked.
create function faultline._next_queue(after text, before text, only_queued boolean)
returns text
language plpgsql stable
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
begin
  if before is null then
    return least(
      (select j.queue from faultline.jobs_live j
       where j.state = 'queued' and j.queue > after
       order by j.queue limit 1),
      case when not only_queued then least(
        (select j.queue from faultline.jobs_live j
         where j.lease_expires_at is not null and j.queue > after
         order by j.queue limit 1),
        (select j.queue from faultline.jobs_live j
         where j.finished_at is not null and j.queue > after
         order by j.queue limit 1))
      end);
  end if;
  return least(
    (select j.queue from faultline.jobs_live j
     where j.state = 'queued' and j.queue > after and j.queue < before
     order by j.queue limit 1),
    case when not only_queued then least(
      (select j.queue from faultline.jobs_live j
       where j.lease_expires_at is not null and j.queue > after and j.queue < before
       order by j.queue limit 1),
      (select j.queue from faultline.jobs_live j
       where j.finished_at is not null and j.queue > after and j.queue < before
       order by j.queue limit 1))
    end);
end
$$;
comment on function faultline._next_queue(text, text, boolean) is 'Private: the next queue name with live jobs between two names.';
