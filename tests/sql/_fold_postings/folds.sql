\ir ../../support/ledger.sql
-- Each call is a transaction of its own. The first draws a target, the next adds up what lies below it.
select * from no_plan();
create function tap.checkpoint() returns text language sql as $$
select format('%s of %s: %s', w.folded_to, coalesce(w.next_to::text, 'none'),
  coalesce((select string_agg(c.account || ' ' || c.balance || ' ' || c.currency, ', ' order by c.account, c.currency) from faultline.account_checkpoints c), 'nothing'))
from faultline.ledger_checkpoint w
$$;
create function tap.balances() returns text language sql as $$
select string_agg(a || ' ' || faultline.account_balance(a, 'EUR'), ', ' order by a) from unnest(array['a', 'b']) a
$$;

-- Before the first posting, as often as it may be called: the first posting counts.
select changes_nothing('none', 'select faultline._fold_postings(10)', '0', 'nothing is posted, nothing to do') from generate_series(1, 3) n;
select is(checkpoint(), '0 of none: nothing', 'and nothing is written');
select moved('t1', 'a -1 EUR', 'b 1 EUR') \g /dev/null
select is(balances(), 'a -1, b 1', 'the first posting counts');
select healthy('for verify too');

-- The call after the next.
select is(faultline._fold_postings(10), 0::bigint, 'the first call learns how far it may go');
select is(checkpoint(), '0 of 2: nothing', 'to the last number that was drawn');
select moved('t2', 'a -2 EUR', 'c 2 EUR', 'a 7 USD', 'b -7 USD') \g /dev/null
select is(faultline._fold_postings(10), 2::bigint, 'the second adds up as many');
select is(checkpoint(), '2 of 6: a -1 EUR, b 1 EUR', 'as far as it may, and learns of what came since');
select is(balances(), 'a -3, b 1', 'balances are the checkpoint and what came since');
select healthy('and right');
select is(faultline._fold_postings(10), 4::bigint, 'the third adds to what is there');
select is(checkpoint(), '6 of 6: a -3 EUR, a 7 USD, b 1 EUR, b -7 USD, c 2 EUR', 'in each currency');
select changes_nothing('none', 'select faultline._fold_postings(10)', '0', 'then there is nothing more to do') from generate_series(1, 2) n;
select is(balances(), 'a -3, b 1', 'balances stay');
select healthy('and right');

-- At most so many, in the order of their numbers.
select moved('t' || n, 'a -1 EUR', 'b 1 EUR') from generate_series(3, 4) n \g /dev/null
select faultline._fold_postings(3) \g /dev/null
select is(faultline._fold_postings(3), 3::bigint, 'at most max');
select is(checkpoint(), '9 of 10: a -5 EUR, a 7 USD, b 2 EUR, b -7 USD, c 2 EUR', 'the first of them');
select is(balances(), 'a -5, b 3', 'the balance is right in the middle of an entry');
select healthy('and so says verify');
select is(faultline._fold_postings(3), 1::bigint, 'the rest with the next call');

-- Numbers that were drawn and never committed.
begin; select moved('undone', 'a -9 EUR', 'b 9 EUR') \g /dev/null
rollback;
select faultline._fold_postings(10) \g /dev/null
select is(faultline._fold_postings(10), 0::bigint, 'what was rolled back is not added');
select is(checkpoint(), '12 of 12: a -5 EUR, a 7 USD, b 3 EUR, b -7 USD, c 2 EUR', 'and passed over');

-- Somebody has posted, and not committed: nothing after it is added before that.
begin; select moved('open', 'a -10 EUR', 'b 10 EUR') \g /dev/null
prepare transaction 'open';
select moved('after', 'a -100 EUR', 'b 100 EUR') \g /dev/null
select is(faultline._fold_postings(10), 0::bigint, 'an open transaction holds it back') from generate_series(1, 3) n;
select is(checkpoint(), '12 of 16: a -5 EUR, a 7 USD, b 3 EUR, b -7 USD, c 2 EUR', 'the target is that of the first call');
commit prepared 'open';
select is(faultline._fold_postings(10), 4::bigint, 'when it is over, both are added');
select is(checkpoint(), '16 of 16: a -115 EUR, a 7 USD, b 113 EUR, b -7 USD, c 2 EUR', 'none is missing');

-- A transaction that has its xid already is older than the numbers it reads: who has drawn one of them may be younger
-- than it, and still be at work when it is over. It may prove nothing.
begin; select pg_current_xact_id() \g /dev/null
select moved('own', 'a -1 EUR', 'b 1 EUR') \g /dev/null
select faultline._fold_postings(10) \g /dev/null
commit;
select is(checkpoint(), '16 of 16: a -115 EUR, a 7 USD, b 113 EUR, b -7 USD, c 2 EUR', 'with an xid already it draws no target');
select faultline._fold_postings(10) \g /dev/null
begin; select pg_current_xact_id() \g /dev/null
select is(faultline._fold_postings(10), 2::bigint, 'but adds up what is proven');
commit;
select is(checkpoint(), '18 of 18: a -116 EUR, a 7 USD, b 114 EUR, b -7 USD, c 2 EUR', 'all of it');

-- Restored into a cluster whose xids are behind: a target that would not be reached for years is drawn anew.
select moved('restored', 'a -1 EUR', 'b 1 EUR') \g /dev/null
update faultline.ledger_checkpoint set next_to = 20, next_xid = '123456789012';
select is(faultline._fold_postings(10), 0::bigint, 'an xid of the future proves nothing');
select is(faultline._fold_postings(10), 2::bigint, 'but is not waited for');
select healthy('all is well');

-- Somebody is always at work: a target stays until it is reached, and those who began after it do not count.
begin; select moved('one', 'a -1 EUR', 'b 1 EUR') \g /dev/null
prepare transaction 'one';
select faultline._fold_postings(10) \g /dev/null
begin; select moved('two', 'a -1 EUR', 'b 1 EUR') \g /dev/null
prepare transaction 'two';
select is(faultline._fold_postings(10), 0::bigint, 'the first is still at work');
commit prepared 'one';
select is(faultline._fold_postings(10), 2::bigint, 'the first is over, the second began later');
commit prepared 'two';
select is(faultline._fold_postings(10), 2::bigint, 'and is the next');
select healthy('all are added');

-- The call that finds nothing below its target learns of the next one all the same.
begin; select moved('undone too', 'a -9 EUR', 'b 9 EUR') \g /dev/null
rollback;
select faultline._fold_postings(10) \g /dev/null
select moved('then', 'a -1 EUR', 'b 1 EUR') \g /dev/null
select is(faultline._fold_postings(10), 0::bigint, 'the numbers of what was rolled back');
select is(faultline._fold_postings(10), 2::bigint, 'and then what came after them');

-- Two calls in one transaction: all that was drawn before the first was over when it got its xid.
select moved('twice', 'a -1 EUR', 'b 1 EUR') \g /dev/null
begin;
select is(faultline._fold_postings(10), 0::bigint, 'the first draws the target');
select is(faultline._fold_postings(10), 2::bigint, 'the second adds up');
commit;
select healthy('all is well');

-- maintain does it, before it writes anything.
select moved('last', 'a -1 EUR', 'b 1 EUR') \g /dev/null
select faultline.enqueue('t', idempotency_key => 'k' || n) from generate_series(1, 2) n \g /dev/null
select faultline.cancel_job(job_id) from faultline.jobs where idempotency_key is not null \g /dev/null
update faultline.idempotency_keys set expires_at = now() where key = 'k1';
select is(run('select faultline.maintain()')::jsonb - 'created', '{"moved": 0, "truncated": 0, "dropped": 0, "payloads": 0, "keys": 1, "runners": 0, "postings": 0, "runs": 0, "ticks": 0, "postponed": []}', 'also where it has keys to forget');
update faultline.idempotency_keys set expires_at = now();
select is(run('select faultline.maintain()')::jsonb - 'created', '{"moved": 0, "truncated": 0, "dropped": 0, "payloads": 0, "keys": 1, "runners": 0, "postings": 2, "runs": 0, "ticks": 0, "postponed": []}', 'and says how many postings it has added up');
select healthy('balances are right');

select * from finish();
