-- The offsets from UTC that the database knows for a time zone: one row for starts, and one for each change until ends. What
-- computes ticks takes them from here: hosts may have other rules, and a tick by those is none. For faultline_runner and
-- faultline_operator. Locks nothing, changes nothing. Errors: FL004 no such zone, or more than ten years.
create function faultline.zone_offsets(timezone text, starts timestamptz, ends timestamptz)
returns table (starts_at timestamptz, utc_offset interval)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  low bigint;
  high bigint;
  middle bigint;
  next_low bigint;
  last bigint;
  next_offset interval;
begin
  perform faultline._check_zone(timezone);
  if (case when pg_catalog.isfinite(starts) and pg_catalog.isfinite(ends) then starts <= ends and ends - starts <= interval '3660 days' end) is not true then
    perform faultline._invalid(pg_catalog.format('%s to %s is no span of time', coalesce(starts::text, 'NULL'), coalesce(ends::text, 'NULL')), 'It begins before it ends, and has at most 3660 days');
  end if;
  low := pg_catalog.floor(extract(epoch from starts));
  last := pg_catalog.floor(extract(epoch from ends));
  starts_at := starts;
  utc_offset := faultline._zone_offset(timezone, low);
  return next;
  -- No zone changes twice within twelve hours; where it does between two looks is found by halving.
  while low < last loop
    next_low := least(low + 43200, last);
    next_offset := faultline._zone_offset(timezone, next_low);
    if next_offset <> utc_offset then
      high := next_low;
      while high - low > 1 loop
        middle := (low + high) / 2;
        if faultline._zone_offset(timezone, middle) = utc_offset then
          low := middle;
        else
          high := middle;
        end if;
      end loop;
      starts_at := pg_catalog.to_timestamp(high);
      utc_offset := next_offset;
      return next;
    end if;
    low := next_low;
  end loop;
end
$$;
comment on function faultline.zone_offsets(text, timestamptz, timestamptz) is 'The offsets from UTC that the database knows for a time zone.';
grant execute on function faultline.zone_offsets(text, timestamptz, timestamptz) to faultline_runner, faultline_operator;
