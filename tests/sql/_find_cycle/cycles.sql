\ir ../../support/prelude.sql

begin;
select * from no_plan();

-- needs: what each of them needs, {b,c} of the first; waits: how many of those could not be placed.
create function tap.cycle(names text[], needs text[], waits int[]) returns text language sql as $$
select array_to_string(faultline._find_cycle(names, (select array_agg(jsonb_build_object('needs', to_jsonb(n::text[])) order by o) from unnest(needs) with ordinality u (n, o)), waits), ' ')
$$;
select is(cycle('{a}', array['{a}'], '{1}'), 'a a', 'one');
select is(cycle('{a,b}', array['{b}', '{a}'], '{1,1}'), 'a b a', 'two');
select is(cycle('{P,a,b,c}', array['{}', '{b,P}', '{P,c}', '{b,a}'], '{0,1,1,2}'), 'a b c a', 'what is placed is no part of it, nor is it looked at first; of two ways the first by name');
select is(cycle('{p,d,a,b}', array['{}', '{a}', '{b,p}', '{a}'], '{0,1,1,1}'), 'a b a', 'what only leads there is no part of it');
select is(cycle('{d,a,b}', array['{b,a}', '{b}', '{a}'], '{2,1,1}'), 'a b a', 'from one that waits for two');

select * from finish();
rollback;
