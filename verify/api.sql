-- Verify faultline:api on pg

select token_id, secret_hash, scopes, name, created_at, created_by, expires_at, revoked_at from faultline.api_tokens where false;
