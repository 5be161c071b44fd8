-- Deploy faultline:ledger to pg

begin;

set local role faultline_owner;

create table faultline.transactions (
  transaction_id text primary key,
  kind text not null,
  request jsonb not null,
  request_hash bigint not null,
  options jsonb not null default '{}',
  job_id bigint not null,
  job_state text check (job_state in ('succeeded', 'cancelled', 'discarded')),
  state text not null default 'INIT',
  reason text,
  created_at timestamptz not null,
  due_at timestamptz,
  settled_at timestamptz,
  constraint transactions_job unique (job_id),
  constraint transactions_state check (state in ('INIT', 'APPLIED', 'RECONCILED', 'FAILED')),
  constraint transactions_reason check ((state = 'FAILED') = (reason is not null)),
  constraint transactions_settled check (
    (state in ('RECONCILED', 'FAILED')) = (settled_at is not null) and (settled_at is null or due_at is null))
);
comment on table faultline.transactions is 'What has to happen once: its request, the job that does it, and how far it is. INIT → APPLIED → RECONCILED, INIT → FAILED. Never deleted: a burnt id stays burnt.';
comment on column faultline.transactions.options is 'The arguments of the job that are not defaults, so that a job that never existed can be made again.';
comment on column faultline.transactions.job_state is 'How the job ended; NULL while it is live. Stored here, so that retention can not turn finished into missing.';
comment on column faultline.transactions.due_at is 'When reconcile should look; NULL: nothing to do until something happens. Written as clock_timestamp() after the writer has its xid: the floor rests on it.';
-- What reconcile walks every second, and what it sweeps now and then.
create index transactions_due on faultline.transactions (due_at) where due_at is not null;
create index transactions_init on faultline.transactions (created_at) where state = 'INIT';
create index transactions_applied on faultline.transactions (created_at) where state = 'APPLIED';
create index transactions_failed on faultline.transactions (settled_at) where reason is not null;

create table faultline.effects (
  transaction_id text not null references faultline.transactions,
  name text not null,
  key text not null,
  request jsonb not null,
  request_hash bigint not null,
  state text not null default 'INIT',
  attempt int not null,
  response jsonb,
  answer text,
  asks int not null default 0,
  created_at timestamptz not null,
  sent_at timestamptz,
  unknown_since timestamptz,
  ask_at timestamptz,
  settled_at timestamptz,
  primary key (transaction_id, name),
  constraint effects_key unique (key),
  constraint effects_state check (state in ('INIT', 'SENT', 'APPLIED', 'ABSENT')),
  constraint effects_sent check ((state = 'INIT') = (sent_at is null)),
  constraint effects_settled check (
    (state in ('APPLIED', 'ABSENT')) = (settled_at is not null) and (state = 'SENT' or (ask_at is null and unknown_since is null)))
);
comment on table faultline.effects is 'Effects outside the database: INIT → SENT (committed before the request leaves) → APPLIED or ABSENT.';
comment on column faultline.effects.key is 'What the outside gets as idempotency key: from the transaction and the name alone, never from the attempt.';
comment on column faultline.effects.ask_at is 'When a runner should ask the outside, because the job is over and the request may have arrived.';
comment on column faultline.effects.unknown_since is 'Since when the outside has been asked and nobody knows.';
create index effects_ask on faultline.effects (ask_at) where ask_at is not null;
create index effects_unknown on faultline.effects (unknown_since) where unknown_since is not null;

create table faultline.ledger_entries (
  entry_id bigint generated always as identity primary key,
  transaction_id text not null references faultline.transactions,
  job_id bigint not null,
  attempt int not null,
  effect jsonb not null,
  applied_at timestamptz not null,
  constraint ledger_entries_transaction unique (transaction_id),
  constraint ledger_entries_job unique (job_id)
);
comment on table faultline.ledger_entries is 'What has happened: at most one entry a transaction and a job. Append-only.';

create table faultline.postings (
  posting_id bigint generated always as identity primary key,
  entry_id bigint not null references faultline.ledger_entries,
  account text not null,
  currency text not null,
  amount numeric not null,
  constraint postings_amount check (amount <> 0 and abs(amount) < 1e20 and scale(amount) <= 18)
);
comment on table faultline.postings is 'Double entry: the amounts of an entry add up to zero in each currency, checked at commit. Append-only.';
create index postings_entry on faultline.postings (entry_id);
create index postings_account on faultline.postings (account, currency, posting_id) include (amount);

create table faultline.accounts (
  account text not null,
  currency text not null,
  floor numeric not null check (abs(floor) < 1e20 and scale(floor) <= 18),
  primary key (account, currency)
);
comment on table faultline.accounts is 'Accounts whose balance may not go below a floor; an account needs no row to exist.';

create table faultline.account_checkpoints (
  account text not null,
  currency text not null,
  balance numeric not null,
  primary key (account, currency)
);
comment on table faultline.account_checkpoints is 'Balances up to ledger_checkpoint.folded_to, so that a balance need not add up millions of postings.';

create table faultline.ledger_checkpoint (
  only_row boolean primary key default true check (only_row),
  folded_to bigint not null default 0,
  next_to bigint,
  next_xid xid8
);
comment on table faultline.ledger_checkpoint is 'One row: the posting up to which account_checkpoints are right, and the one up to which they will be, once every transaction before next_xid is over.';
insert into faultline.ledger_checkpoint default values;

commit;
