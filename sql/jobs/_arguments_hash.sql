-- The hash of what must be the same when an idempotency key comes again: type and payload (the queue is part of the
-- key). Equal jsonb can differ as text (1.0 and 1), so the text is hashed without the zeros that end a fraction. That
-- alone would take the strings "1.0" and "1" for the same, and jsonb's own hash alone takes documents for the same whose
-- scalars change places 32 apart; no document deceives both.
create function faultline._arguments_hash(type text, payload jsonb)
returns bigint
language sql immutable
as $$
select pg_catalog.jsonb_hash_extended(pg_catalog.jsonb_build_array(type, payload), 0)
  # pg_catalog.hashtextextended(
      pg_catalog.regexp_replace(type || ' ' || payload::text, '(\.[0-9]*[1-9])0+|\.0+(?![0-9])', '\1', 'g'), 0)
$$;
comment on function faultline._arguments_hash(text, jsonb) is 'Private: the hash by which "same arguments" is told.';
