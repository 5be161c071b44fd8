-- An interval as people say it, in its two largest units at the most: 3 days 4 h, 12 min 5 s, 0.3 s.
create function faultline._ago(span interval)
returns text
language plpgsql immutable
as $$
declare
  seconds constant numeric := greatest(0, extract(epoch from span));
begin
  return case
    when seconds < 10 then pg_catalog.format('%s s', pg_catalog.round(seconds, 1))
    when seconds < 60 then pg_catalog.format('%s s', pg_catalog.floor(seconds))
    when seconds < 3600 then pg_catalog.format('%s min %s s', pg_catalog.floor(seconds / 60), pg_catalog.floor(seconds % 60))
    when seconds < 86400 then pg_catalog.format('%s h %s min', pg_catalog.floor(seconds / 3600), pg_catalog.floor(seconds % 3600 / 60))
    else pg_catalog.format('%s day%s %s h', pg_catalog.floor(seconds / 86400), case when seconds < 172800 then '' else 's' end,
                           pg_catalog.floor(seconds % 86400 / 3600))
  end;
end
$$;
comment on function faultline._ago(interval) is 'Private: an interval as people say it.';
