-- Whether a payload is so large that it stands in payloads, where no change of its job's row writes it anew.
-- One expression, so that it becomes part of the statement that asks.
create function faultline._stands_apart(payload jsonb)
returns boolean
language sql stable
as $$
select pg_catalog.pg_column_size(payload) > 1500
$$;
comment on function faultline._stands_apart(jsonb) is 'Private: whether a payload is so large that it stands in payloads.';
