-- What the HTTP API has to know of a token that it was shown: no row if there is none of this id, or it is revoked or has
-- expired. The caller compares the hash of the secret it was shown with this one, in constant time. For
-- faultline_operator. Locks nothing.
create function faultline.find_token(token_id bigint)
returns table (secret_hash bytea, scopes text[])
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return query
  select t.secret_hash, t.scopes
  from faultline.api_tokens t
  where t.token_id = find_token.token_id and t.revoked_at is null
    and (t.expires_at is null or t.expires_at > pg_catalog.clock_timestamp());
end
$$;
comment on function faultline.find_token(bigint) is 'The hash and the scopes of a token of the HTTP API that is neither revoked nor expired.';
grant execute on function faultline.find_token(bigint) to faultline_operator;
