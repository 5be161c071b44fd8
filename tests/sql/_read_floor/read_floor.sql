\ir ../../support/prelude.sql
begin;
select * from no_plan();

-- A token is what advance_floor returned; what is ahead of the clock is no floor at all.
select is(faultline._read_floor(null, '2026-01-01Z'), null, 'NULL stays NULL');
select is(faultline._read_floor('{"read_at": "2026-01-01T00:00:00Z", "x": 1}', '2026-01-02Z'), '{"read_at": "2026-01-01T00:00:00Z", "x": 1}'::jsonb, 'a token is read');
select is(faultline._read_floor('{"read_at": "2026-01-01T00:00:00Z"}', '2026-01-01Z'), '{"read_at": "2026-01-01T00:00:00Z"}'::jsonb, 'one of this very moment too');
select is(faultline._read_floor('{"read_at": "2026-01-01T00:00:00.000001Z"}', '2026-01-01Z'), null, 'one ahead of the clock is none: the clock stepped back, or it is another server''s');
select refuses(format('select faultline._read_floor(%L, ''2026-01-01Z'')', t), 'FL004', format('%L is not a token of advance_floor', left(t, 60)), left(t, 60) || ' is none')
from unnest(array['', 'junk', '{}', '[]', '["read_at"]', '"a"', '"read_at"', '5', 'null', '{"read_at": null}', '{"read_at": "soon"}', '{"read_at": {}}', '{', '{"queues": {}}', repeat('junk', 100)]) t;
select is(provolatile, 's', 'it is stable: what calls it sees one snapshot') from pg_proc where proname = '_read_floor' and pronamespace = 'faultline'::regnamespace;

select * from finish();
rollback;
