-- The hash of what must be the same when an idempotency key comes again: type and payload (the queue is part of the
-- key). Equal jsonb can differ as text (1.0 and 1), so the hash is of the value.
create function faultline._arguments_hash(type text, payload jsonb)
returns bigint
language sql immutable
as $$
select pg_catalog.jsonb_hash_extended(pg_catalog.jsonb_build_array(type, payload), 0)
$$;
comment on function faultline._arguments_hash(text, jsonb) is 'Private: the hash by which "same arguments" is told.';
