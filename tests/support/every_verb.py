"""Every public function as a verb, small worlds that they are about, and which tables each of them touches.

A world is made anew for each merge, in a database that was emptied, with numbers that begin at 1: the job is job 1, the
run is run 1, and the queue, key, transaction, account, workflow and schedule are q, k, t, a, w and s. So each verb is
one plain statement. What a merge has left is read as a whole (`Ground.look`): two worlds are equal or they are not.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.support.ledger import LEDGER_ROWS
from tests.support.workflow_verbs import WORKFLOW_ROWS

if TYPE_CHECKING:
    from tests.support.database import Database

ALICE, BOB = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
RUNNER, OPERATOR, PRODUCER, OBSERVER = (
    "faultline_runner",
    "faultline_operator",
    "faultline_producer",
    "faultline_observer",
)

READ, LOCK, WRITE = "read", "lock", "write"
# The modes in which a statement holds a table say what it does to rows: FOR UPDATE and foreign keys lock them.
MODES: Final = {"AccessShareLock": READ, "RowShareLock": LOCK, "RowExclusiveLock": WRITE}
HELD = """
    select distinct t.relname, l.mode
    from pg_locks l
    join pg_class c on c.oid = l.relation
    join pg_class t on t.oid = coalesce(pg_partition_root(c.oid), c.oid)
    where l.pid = pg_backend_pid() and c.relnamespace = 'faultline'::regnamespace and c.relkind in ('r', 'p')
"""

EMPTY = f"""
    set session_replication_role = replica;
    delete from faultline.jobs_live;
    delete from faultline.jobs_done;
    delete from faultline.payloads;
    delete from faultline.job_events;
    delete from faultline.idempotency_keys;
    delete from faultline.queues;
    delete from faultline.runners;
    {LEDGER_ROWS}
    {WORKFLOW_ROWS}
    delete from faultline.schedule_ticks;
    delete from faultline.schedules;
    delete from faultline.api_tokens;
    update faultline.settings set max_attempts = 5, lease = '30 seconds' where max_attempts <> 5;
    select setval('faultline.jobs_live_job_id_seq', 1, false), setval('faultline.runs_run_id_seq', 1, false),
      setval('faultline.ledger_entries_entry_id_seq', 1, false), setval('faultline.postings_posting_id_seq', 1, false),
      setval('faultline.api_tokens_token_id_seq', 1, false);
    set session_replication_role = origin;
"""
# Nobody else does it here, and what is deleted makes each look at a table dearer.
VACUUM = """
    vacuum (index_cleanup on) faultline.jobs_live, faultline.jobs_done, faultline.job_events, faultline.transactions,
      faultline.effects, faultline.runs, faultline.tasks
"""
VACUUM_EVERY = 200
# An hour, lest a wait end while a merge is looked at.
BACKOFF = '{"kind": "fixed", "delay": "1h", "max_delay": "1h", "jitter": 0}'
CLAIM = f"select faultline.claim_job('q', '{ALICE}', 10, '1 hour');"
EXPIRE = "update faultline.jobs_live set lease_expires_at = clock_timestamp() - interval '1 s' where state = 'running';"
DEAD = "select faultline.fail_job(1, 1, '{}', false);"
KEYED = f"""
    select faultline.enqueue('work', queue => 'q', idempotency_key => 'k', backoff => '{BACKOFF}', max_attempts => 3);
"""
SUBMITTED = f"select faultline.submit_transaction('t', 'work', queue => 'q', backoff => '{BACKOFF}');"
WORKING = SUBMITTED + CLAIM
SENT = (
    WORKING + "select faultline.begin_effect(1, 1, 't', 'charge'); select faultline.effect_sent(1, 1, 't', 'charge');"
)
TASK = f'"type": "work", "queue": "q", "retry": {{"max_attempts": 3, "backoff": {BACKOFF}}}'
SPEC = f'{{"name": "w", "tasks": {{"a": {{{TASK}}}, "b": {{{TASK}}}, "z": {{{TASK}, "needs": ["a", "b"]}}}}}}'
PATIENT = '"s": {"wait_for": "ok", "timeout": "1h"}'
WAITS = f'{{"name": "w", "tasks": {{{PATIENT}, "z": {{{TASK}, "needs": "s", "when": "always"}}}}}}'
BEGUN = f"select faultline.put_workflow('{SPEC}'); select faultline.trigger_workflow('w', '{{}}', 'k');"
# The calendar is ten hours behind; its ticks are told by their distance.
HOURS_BEHIND = 10
BASE = f"(date_trunc('hour', clock_timestamp()) - interval '{HOURS_BEHIND} hours')"
SCHEDULE = '{"name": "s", "every": "%s", "type": "work", "queue": "q", "missed": "all", "overlap": "%s"}'
EVERY_HOUR, WITHOUT_OVERLAP, EVERY_OTHER_HOUR = (
    SCHEDULE % ("1h", "allow"),
    SCHEDULE % ("1h", "skip"),
    SCHEDULE % ("2h", "allow"),
)
BEHIND = f"update faultline.schedules set ticks_after = {BASE};"
DUE = f"select faultline.put_schedule('{EVERY_HOUR}');" + BEHIND
SLOW_AGAIN = f"update faultline.jobs_live set backoff = '{BACKOFF}';"


WORLDS: Final = {
    "queued": KEYED,
    "running": KEYED + CLAIM,
    "expired": KEYED + CLAIM + EXPIRE,
    "last attempt lost": KEYED.replace("max_attempts => 3", "max_attempts => 1") + CLAIM + EXPIRE,
    "cancelling": KEYED + CLAIM + "select faultline.cancel_job(1);",
    "dead": KEYED + CLAIM + DEAD,
    "done": KEYED + CLAIM + "select faultline.complete_job(1, 1);",
    "key expired": KEYED + CLAIM + "select faultline.complete_job(1, 1);"
    "update faultline.idempotency_keys set expires_at = clock_timestamp() - interval '1 s';",
    "limited": "select faultline.set_queue('q', '{\"max_running\": 1}');" + KEYED + KEYED.replace("'k'", "'l'"),
    "paused": "select faultline.pause_queue('q');" + KEYED,
    "submitted": SUBMITTED,
    "working": WORKING,
    "working above a floor": "select faultline.set_account('a', 'EUR', -100);" + WORKING,
    "working in vain": WORKING + EXPIRE,
    "begun": WORKING + "select faultline.begin_effect(1, 1, 't', 'charge');",
    "sent": SENT,
    "sent and lost": SENT + EXPIRE,
    "left open": SENT + DEAD + "select faultline.discard_job(1); select faultline.reconcile();",
    "given up": WORKING + DEAD + "select faultline.discard_job(1);",
    "dead letter": WORKING + DEAD,
    "applied and requeued": WORKING
    + "select faultline.apply_ledger(1, 1, 't', '{}'); select faultline.fail_job(1, 1, '{}');",
    "applied": WORKING + "select faultline.apply_and_complete(1, 1, 't', '{}');",
    "workflow": f"select faultline.put_workflow('{SPEC}');",
    "begun run": BEGUN,
    "running tasks": BEGUN + CLAIM,
    "last task": BEGUN + CLAIM + "select faultline.complete_job(2, 1);",
    "lost tasks": BEGUN + CLAIM + EXPIRE,
    "failed run": BEGUN + CLAIM + DEAD + "select faultline.complete_job(2, 1);",
    "cancelled run": BEGUN + "select faultline.cancel_run(1);",
    "waiting run": f"select faultline.put_workflow('{WAITS}'); select faultline.trigger_workflow('w');",
    "overdue run": f"select faultline.put_workflow('{WAITS}'); select faultline.trigger_workflow('w');"
    "update faultline.tasks set due_at = clock_timestamp() - interval '1 s' where due_at is not null;",
    "due": DUE,
    "due behind its job": f"select faultline.put_schedule('{WITHOUT_OVERLAP}');"
    + BEHIND
    + f"select faultline.fire_schedule('s', {BASE} + interval '1 hour', 1);"
    + SLOW_AGAIN
    + CLAIM,
    "paused schedule": DUE + "select faultline.pause_schedule('s');",
    "registered": f"select faultline.register_runner('{ALICE}', 'h', 1, '1');" + KEYED + CLAIM,
    "token": "select faultline.create_token(decode(repeat('ab', 32), 'hex'), '{read}', 'n');",
}

# Whatever can be told of a world, without its times; of those only whether they are over.
WORLD = f"""
    select jsonb_build_object(
      'jobs', (select coalesce(jsonb_agg(to_jsonb(j) - 'id' order by j.id), '[]') from (
         select 'j' || job_id as job, job_id as id, type, state, attempt, failures, max_attempts, lease_owner as owner, cancel_requested_at is not null as cancelling, idempotency_key as key,
           'r' || run_id as run, task, transaction_id as tx, lease_expires_at > clock_timestamp() as leased, ready_at > clock_timestamp() as later, error ->> 'type' as error, null as "from", queue
         from faultline.jobs_live
         union all
         select 'j' || job_id, job_id, type, state, attempt, failures, max_attempts, null, null, idempotency_key, 'r' || run_id, task, null, null, null, error ->> 'type', from_state, queue
         from faultline.jobs_done) j),
      'events', (select jsonb_agg(e order by e) from (
         select format('%s %s %s %s', 'j' || job_id, attempt, verb, detail - 'delay' - 'token_id') as e from faultline.job_events) e),
      'keys', (select jsonb_agg(format('%s/%s j%s %s', queue, key, job_id, expires_at > clock_timestamp()) order by queue, key) from faultline.idempotency_keys),
      'queues', (select jsonb_agg(format('%s %s %s', queue, paused_at is not null, max_running) order by queue) from faultline.queues),
      'runners', (select jsonb_agg(runner order by runner) from faultline.runners),
      'settings', (select max_attempts from faultline.settings),
      'transactions', (select jsonb_agg(x order by x) from (select format('%s j%s %s %s %s %s', transaction_id, job_id, job_state, state, reason, due_at <= clock_timestamp()) as x from faultline.transactions) y),
      'effects', (select jsonb_agg(x order by x) from (select format('%s %s %s %s %s %s %s %s', transaction_id, name, attempt, state, answer, asks, unknown_since is not null, ask_at > clock_timestamp()) as x from faultline.effects) y),
      'entries', (select jsonb_agg(x order by x) from (select format('%s j%s %s', transaction_id, job_id, attempt) as x from faultline.ledger_entries) y),
      'postings', (select jsonb_agg(x order by x) from (select format('%s %s', account, amount) as x from faultline.postings) y),
      'accounts', (select jsonb_agg(x order by x) from (select format('%s %s', account, floor) as x from faultline.accounts) y),
      'workflows', (select jsonb_agg(x order by x) from (select format('%s %s %s', workflow, version, spec -> 'tasks' ? 'b') as x from faultline.workflows) y),
      'runs', (select jsonb_agg(format('r%s %s %s %s', run_id, version, state, idempotency_key) order by run_id) from faultline.runs),
      'tasks', (select jsonb_agg(format('r%s %s %s %s %s %s %s', run_id, name, item, state, generation, 'j' || job_id, due_at > clock_timestamp()) order by run_id, ordinal, item) from faultline.tasks),
      'signals', (select jsonb_agg(x order by x) from (select format('r%s %s', run_id, name) as x from faultline.run_signals) y),
      'schedules', (select jsonb_agg(x order by x) from (select format('%s %s %s %s %s', schedule, version, paused_at is not null, deleted_at is not null, ticks_after > {BASE}) as x from faultline.schedules) y),
      'ticks', (select jsonb_agg(format('%s %s %s %s %s', case kind when 'now' then 'now' else (tick_at - {BASE})::text end, kind, outcome, missed, 'j' || job_id) order by tick_at) from faultline.schedule_ticks),
      'tokens', (select jsonb_agg(format('%s %s', name, revoked_at is not null) order by token_id) from faultline.api_tokens)
    )::text
"""  # noqa: E501


@dataclass(frozen=True)
class Verb:
    """A call in its role; `query` answers one text, in which j1 is job 1 and r1 is run 1.

    `home` is the world in which it does what it is for.
    """

    home: str
    role: str
    query: str
    passes_by: bool = False
    """It waits for nobody: what somebody holds it leaves, and finds it the next time."""

    @property
    def function(self) -> str:
        found = re.search(r"faultline\.(\w+)\s*\(", self.query)
        assert found is not None, f"no function in {self.query}"
        return found[1]


@dataclass(frozen=True)
class Touches:
    """The tables whose rows a function writes, those whose rows it locks, and those that it only reads."""

    writes: frozenset[str]
    locks: frozenset[str]
    reads: frozenset[str]

    @property
    def changes(self) -> bool:
        """Whether it does more than look; who only looks waits for nobody, and nobody for them."""
        return bool(self.writes or self.locks)

    def meets(self, other: Touches) -> bool:
        """Whether one writes rows that the other writes, locks or goes by: only then can their order matter."""
        mine, theirs = self.writes - HISTORY, other.writes - HISTORY
        return bool(mine & (theirs | other.locks | other.reads) or theirs & (self.locks | self.reads))


# Rows there are only added, each with a change elsewhere.
HISTORY: Final = frozenset({"job_events", "jobs_done", "payloads"})


def _touches(writes: str = "", locks: str = "", reads: str = "") -> Touches:
    return Touches(frozenset(writes.split()), frozenset(locks.split()), frozenset(reads.split()))


# What the locks that each call holds say; a function that is new stands here, or the test fails.
TOUCHES: Final = {
    "account_balance": _touches(reads="account_checkpoints ledger_checkpoint postings"),
    "advance_floor": _touches(),
    "answer_effect": _touches(writes="effects ledger_entries transactions"),
    "apply_and_complete": _touches(
        writes="jobs_done jobs_live ledger_entries payloads tasks transactions",
        locks="runs",
        reads="effects queues settings task_dependencies workflow_tasks",
    ),
    "apply_ledger": _touches(
        writes="jobs_live ledger_entries postings transactions",
        locks="accounts runs",
        reads="account_checkpoints effects jobs_done ledger_checkpoint payloads",
    ),
    "begin_effect": _touches(writes="effects jobs_live transactions", locks="runs", reads="payloads"),
    "bell": _touches(),
    "cancel_job": _touches(
        writes="job_events jobs_done jobs_live tasks transactions",
        locks="runs",
        reads="task_dependencies workflow_tasks",
    ),
    "cancel_run": _touches(writes="job_events jobs_done jobs_live runs tasks"),
    "cancelled": _touches(writes="job_events jobs_done jobs_live"),
    "check_schedule": _touches(),
    "claim_job": _touches(writes="jobs_live", locks="queues", reads="payloads"),
    "claim_jobs": _touches(writes="jobs_live", locks="queues", reads="payloads"),
    "complete_job": _touches(
        writes="jobs_done jobs_live payloads tasks transactions",
        locks="runs",
        reads="queues settings task_dependencies workflow_tasks",
    ),
    "complete_jobs": _touches(
        writes="job_events jobs_done jobs_live payloads tasks transactions",
        locks="runs",
        reads="queues settings task_dependencies workflow_tasks",
    ),
    "create_token": _touches(writes="api_tokens job_events"),
    "delete_schedule": _touches(writes="job_events schedules"),
    "discard_job": _touches(writes="job_events jobs_done jobs_live transactions"),
    "effect_sent": _touches(writes="effects transactions", locks="jobs_live", reads="ledger_entries"),
    "effects_to_ask": _touches(writes="effects", reads="transactions"),
    "enqueue": _touches(writes="idempotency_keys jobs_live payloads", reads="queues settings"),
    "enqueue_bulk": _touches(writes="jobs_live payloads", reads="queues settings"),
    "enqueue_many": _touches(writes="idempotency_keys jobs_live payloads", reads="queues settings"),
    "fail_job": _touches(
        writes="job_events jobs_done jobs_live runs tasks transactions",
        reads="queues settings task_dependencies workflow_tasks",
    ),
    "fail_jobs": _touches(
        writes="job_events jobs_done jobs_live tasks transactions",
        locks="runs",
        reads="queues settings task_dependencies workflow_tasks",
    ),
    "fail_transaction": _touches(writes="job_events jobs_done jobs_live transactions", reads="effects ledger_entries"),
    "find_entry": _touches(locks="jobs_live", reads="ledger_entries"),
    "find_token": _touches(reads="api_tokens"),
    "fire_now": _touches(writes="job_events jobs_live schedule_ticks", locks="schedules", reads="queues settings"),
    "fire_schedule": _touches(writes="jobs_live schedule_ticks", locks="schedules", reads="queues runs settings"),
    "fire_schedules": _touches(writes="jobs_live schedule_ticks", locks="schedules", reads="queues runs settings"),
    "heartbeat": _touches(writes="job_events jobs_live"),
    "job_status": _touches(reads="jobs_done jobs_live payloads"),
    "maintain": _touches(
        writes="idempotency_keys runners",
        locks="runs",
        reads="job_events jobs_done jobs_live ledger_checkpoint payloads schedule_ticks settings",
    ),
    "metrics": _touches(reads="effects jobs_live queues runners runs schedule_ticks schedules transactions"),
    "next_ready": _touches(reads="jobs_live"),
    "open_ledger": _touches(reads="jobs_live ledger_entries payloads transactions"),
    "pause_queue": _touches(writes="job_events queues"),
    "pause_schedule": _touches(writes="job_events schedules"),
    "put_schedule": _touches(writes="job_events schedules"),
    "put_workflow": _touches(writes="task_dependencies workflow_tasks workflows"),
    "ready_queues": _touches(reads="jobs_live"),
    "reap_expired": _touches(writes="job_events jobs_live transactions", locks="runs", reads="queues settings"),
    "reconcile": _touches(writes="transactions", reads="effects jobs_live ledger_entries"),
    "register_runner": _touches(writes="runners"),
    "release_job": _touches(writes="job_events jobs_done jobs_live transactions", locks="runs"),
    "release_unknown": _touches(writes="job_events jobs_done jobs_live transactions", locks="runs"),
    "remove_runner": _touches(writes="runners"),
    "report_stale": _touches(writes="job_events", reads="jobs_done jobs_live"),
    "resume_queue": _touches(writes="job_events queues"),
    "resume_run": _touches(
        writes="job_events jobs_done jobs_live payloads runs tasks",
        reads="queues settings task_dependencies workflow_tasks",
    ),
    "resume_schedule": _touches(writes="job_events schedules"),
    "retry_job": _touches(writes="job_events jobs_live"),
    "revoke_token": _touches(writes="api_tokens job_events"),
    "run_status": _touches(reads="jobs_done jobs_live runs tasks workflow_tasks"),
    "schedule_changes": _touches(reads="schedule_ticks schedules"),
    "schema_version": _touches(),
    "set_account": _touches(writes="accounts job_events", reads="account_checkpoints ledger_checkpoint postings"),
    "set_queue": _touches(writes="job_events queues"),
    "set_settings": _touches(writes="job_events settings"),
    "settle_effect": _touches(writes="effects", locks="jobs_live transactions"),
    "signal_run": _touches(
        writes="job_events jobs_live payloads run_signals tasks",
        locks="runs",
        reads="queues settings task_dependencies workflow_tasks",
    ),
    "snooze_job": _touches(writes="job_events jobs_done jobs_live transactions", locks="runs"),
    "submit_transaction": _touches(writes="jobs_live transactions", reads="queues settings"),
    "task_contexts": _touches(reads="jobs_live runs tasks workflow_tasks"),
    "transaction_status": _touches(reads="effects ledger_entries postings transactions"),
    "trigger_workflow": _touches(
        writes="jobs_live payloads runs tasks",
        locks="workflows",
        reads="queues run_signals settings task_dependencies workflow_tasks",
    ),
    "unfinished": _touches(reads="jobs_live"),
    "verifies": _touches(reads="runners"),
    "verify": _touches(
        reads="account_checkpoints accounts effects idempotency_keys job_events jobs_done jobs_live ledger_checkpoint"
        " ledger_entries payloads postings run_signals runs schedule_ticks schedules settings task_dependencies tasks"
        " transactions workflow_tasks"
    ),
    "wake_tasks": _touches(
        writes="jobs_live payloads tasks", locks="runs", reads="queues settings task_dependencies workflow_tasks"
    ),
    "why": _touches(reads="jobs_done jobs_live queues runners"),
    "zone_offsets": _touches(),
}


class Ground:
    """A database in which world after world is made, each in place of the last."""

    def __init__(self, db: Database) -> None:
        self._connection = db.connect()
        self._made = 0

    def make(self, world: str) -> None:
        self._made += 1
        if self._made % VACUUM_EVERY == 0:
            self._connection.execute(VACUUM)
        self._connection.execute((EMPTY + WORLDS[world]).encode())

    def violations(self) -> list[tuple[Any, ...]]:
        return self._connection.execute("select * from faultline.verify()").fetchall()

    def look(self) -> str:
        """What is there now."""
        there = str(self._connection.execute(WORLD.encode(), prepare=True).fetchall()[0][0])
        return TIMES.sub("some time", there)


TIMES = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(\+00(:00)?|Z)?")
NUMBERS = re.compile(r"\b([jr])(\d+)\b")


def renumbered(text: Any, there: str) -> Any:
    """Jobs and runs by their places among those that are there: a number that was rolled back leaves a gap."""
    if not isinstance(text, str):
        return text
    places: dict[str, str] = {}
    for kind in "jr":
        found = sorted({int(number) for of, number in NUMBERS.findall(there) if of == kind})
        places |= {f"{kind}{number}": f"{kind}#{place}" for place, number in enumerate(found, 1)}
    return NUMBERS.sub(lambda match: places.get(match[0], f"{match[1]} gone"), text)


def _report(call: str) -> str:
    return f"select faultline.{call}"


CLAIMED = "select string_agg('j' || job_id || ' ' || attempt, ' ' order by job_id)"
BEATEN = "select string_agg(verdict || ' ' || cancel_requested, ' ' order by job_id)"
IDS = "select string_agg('j' || id, ' ' order by id)"
MADE = "select string_agg('j' || job_id || ' ' || created, ' ' order by ordinal)"
TICK = "select 'j' || job_id || ' ' || created"
FIRED = "select string_agg(outcome || coalesce(' j' || job_id, ''), ' ' order by ordinal)"
TICKS = f"""
    jsonb_build_array(
      jsonb_build_object('schedule', 's', 'version', 1, 'tick_at', {BASE} + interval '1 hour', 'after', {BASE}),
      jsonb_build_object(
        'schedule', 's', 'version', 1, 'tick_at', {BASE} + interval '2 hours', 'after', {BASE} + interval '1 hour'))
"""
KEYS = [{"type": "work", "queue": "q", "idempotency_key": key} for key in "lk"]
POSTINGS = [{"account": "a", "amount": -80, "currency": "EUR"}, {"account": "b", "amount": 80, "currency": "EUR"}]
VERBS: Final = {
    # jobs
    "enqueue": Verb(
        "workflow",
        PRODUCER,
        f"select 'j' || faultline.enqueue('work', queue => 'q', idempotency_key => 'k', backoff => '{BACKOFF}')",
    ),
    "enqueue without a key": Verb(
        "workflow",
        PRODUCER,
        "select 'j' || faultline.enqueue('work', jsonb_build_object('large', repeat('x', 3000)), queue => 'q')",
    ),
    "enqueue other work": Verb(
        "queued",
        PRODUCER,
        "select 'j' || faultline.enqueue('work', '{\"n\": 1}', queue => 'q', idempotency_key => 'k')",
    ),
    "enqueue_bulk": Verb("queued", PRODUCER, f"{IDS} from faultline.enqueue_bulk('work', '[{{}}, {{}}]', 'q') id"),
    "enqueue_many": Verb("queued", PRODUCER, f"{MADE} from faultline.enqueue_many('{json.dumps(KEYS)}')"),
    "claim_job": Verb(
        "queued",
        RUNNER,
        f"{CLAIMED} from faultline.claim_job('q', '{BOB}', 10, '1 hour')",
        passes_by=True,
    ),
    "claim one": Verb(
        "queued",
        RUNNER,
        f"{CLAIMED} from faultline.claim_job('q', '{BOB}', 1, '1 hour')",
        passes_by=True,
    ),
    "claim_jobs": Verb(
        "queued",
        RUNNER,
        f"{CLAIMED} from faultline.claim_jobs('{{q,p}}', '{BOB}', 10, '1 hour')",
        passes_by=True,
    ),
    "complete_job": Verb("running", RUNNER, "select faultline.complete_job(1, 1)"),
    "complete_jobs": Verb(
        "running tasks",
        RUNNER,
        "select string_agg(verdict, ' ' order by job_id) from faultline.complete_jobs('{2,1}', '{1,1}')",
    ),
    "fail_job": Verb("running", RUNNER, 'select faultline.fail_job(1, 1, \'{"type": "Boom"}\')'),
    "fail for good": Verb("running", RUNNER, 'select faultline.fail_job(1, 1, \'{"type": "Boom"}\', false)'),
    "fail_jobs": Verb(
        "running tasks",
        RUNNER,
        "select string_agg(verdict, ' ' order by job_id) from faultline.fail_jobs('{2,1}', '{1,1}', null, '{f,t}')",
    ),
    "release_job": Verb("running", RUNNER, "select faultline.release_job(1, 1)"),
    "snooze_job": Verb("running", RUNNER, "select faultline.snooze_job(1, 1, '1 hour')"),
    "cancelled": Verb("cancelling", RUNNER, "select faultline.cancelled(1, 1)"),
    "heartbeat": Verb(
        "expired",
        RUNNER,
        f"{BEATEN} from faultline.heartbeat('{ALICE}', '{{1}}', '{{1}}', '1 hour')",
        passes_by=True,
    ),
    "release_unknown": Verb("running", RUNNER, f"select faultline.release_unknown('{ALICE}', '{{}}')::text"),
    "report_stale": Verb("dead", RUNNER, "select faultline.report_stale(1, 1, 'complete')::text"),
    "reap_expired": Verb("expired", RUNNER, "select faultline.reap_expired()::text", passes_by=True),
    "cancel_job": Verb("running", OPERATOR, "select faultline.cancel_job(1)"),
    "retry_job": Verb("dead", OPERATOR, "select faultline.retry_job(1)"),
    "discard_job": Verb("dead", OPERATOR, "select faultline.discard_job(1)"),
    "set_queue": Verb("queued", OPERATOR, "select faultline.set_queue('q', '{\"max_running\": 2}') ->> 'max_running'"),
    "pause_queue": Verb("queued", OPERATOR, "select faultline.pause_queue('q')::text"),
    "resume_queue": Verb("paused", OPERATOR, "select faultline.resume_queue('q')::text"),
    "set_settings": Verb(
        "queued", OPERATOR, "select faultline.set_settings('{\"max_attempts\": 6}') ->> 'max_attempts'"
    ),
    "register_runner": Verb("queued", RUNNER, f"select (faultline.register_runner('{ALICE}', 'h', 1, '1') > 0)::text"),
    "remove_runner": Verb("registered", RUNNER, f"select faultline.remove_runner('{ALICE}')::text"),
    "maintain": Verb(
        "key expired", RUNNER, "select (m - 'postponed' - 'created')::text from faultline.maintain() m", passes_by=True
    ),
    # ledger
    "submit_transaction": Verb(
        "queued",
        PRODUCER,
        f"select 'j' || faultline.submit_transaction('t', 'work', queue => 'q', backoff => '{BACKOFF}')",
    ),
    "submit other work": Verb(
        "submitted", PRODUCER, "select 'j' || faultline.submit_transaction('t', 'work', '{\"n\": 1}', queue => 'q')"
    ),
    "open_ledger": Verb("working", RUNNER, "select faultline.open_ledger(1, 1, 't')::text"),
    "find_entry": Verb("applied", RUNNER, "select faultline.find_entry(1, 1, 't')::text"),
    "apply_ledger": Verb(
        "working above a floor",
        RUNNER,
        f"select created::text from faultline.apply_ledger(1, 1, 't', '{{}}', '{json.dumps(POSTINGS)}')",
    ),
    "apply_and_complete": Verb(
        "working", RUNNER, "select created::text from faultline.apply_and_complete(1, 1, 't', '{}')"
    ),
    "begin_effect": Verb("working", RUNNER, "select state from faultline.begin_effect(1, 1, 't', 'charge')"),
    "effect_sent": Verb("begun", RUNNER, "select faultline.effect_sent(1, 1, 't', 'charge')"),
    "settle_effect": Verb("sent", RUNNER, "select faultline.settle_effect(1, 1, 't', 'charge', 'APPLIED')"),
    "answer APPLIED": Verb("left open", RUNNER, "select faultline.answer_effect('t', 'charge', 'APPLIED')"),
    "answer ABSENT": Verb("left open", OPERATOR, "select faultline.answer_effect('t', 'charge', 'ABSENT')"),
    "answer UNKNOWN": Verb("left open", RUNNER, "select faultline.answer_effect('t', 'charge', 'UNKNOWN')"),
    "effects_to_ask": Verb(
        "left open", RUNNER, "select string_agg(transaction_id, ' ') from faultline.effects_to_ask()", passes_by=True
    ),
    "reconcile": Verb(
        "given up", RUNNER, "select string_agg(to_state, ' ') from faultline.reconcile()", passes_by=True
    ),
    "fail_transaction": Verb("dead letter", OPERATOR, "select faultline.fail_transaction('t', 'by hand')"),
    "set_account": Verb("working above a floor", OPERATOR, "select faultline.set_account('a', 'EUR', -50)::text"),
    # workflows
    "put_workflow": Verb("queued", OPERATOR, f"select faultline.put_workflow('{SPEC}')::text"),
    "put another version": Verb("workflow", OPERATOR, f"select faultline.put_workflow('{WAITS}')::text"),
    "trigger_workflow": Verb("workflow", PRODUCER, "select 'r' || faultline.trigger_workflow('w', '{}', 'k')"),
    "trigger without a key": Verb("workflow", PRODUCER, "select 'r' || faultline.trigger_workflow('w')"),
    "complete the other task": Verb("running tasks", RUNNER, "select faultline.complete_job(2, 1)"),
    "fail the other task": Verb(
        "running tasks", RUNNER, 'select faultline.fail_job(2, 1, \'{"type": "Boom"}\', false)'
    ),
    "cancel_run": Verb("running tasks", OPERATOR, "select faultline.cancel_run(1)"),
    "resume_run": Verb("failed run", OPERATOR, "select faultline.resume_run(1)"),
    "signal_run": Verb("waiting run", PRODUCER, "select faultline.signal_run(1, 'ok')"),
    "wake_tasks": Verb("overdue run", RUNNER, "select faultline.wake_tasks()::text", passes_by=True),
    # schedules
    "put_schedule": Verb("queued", OPERATOR, f"select faultline.put_schedule('{EVERY_HOUR}')::text"),
    "put another definition": Verb("due", OPERATOR, f"select faultline.put_schedule('{EVERY_OTHER_HOUR}')::text"),
    "pause_schedule": Verb("due", OPERATOR, "select faultline.pause_schedule('s')::text"),
    "resume_schedule": Verb("paused schedule", OPERATOR, "select faultline.resume_schedule('s')::text"),
    "delete_schedule": Verb("due", OPERATOR, "select faultline.delete_schedule('s')::text"),
    "fire_schedule": Verb(
        "due",
        RUNNER,
        f"{TICK} from faultline.fire_schedule('s', {BASE} + interval '2 hours', 1)",
    ),
    "fire an older tick": Verb(
        "due",
        RUNNER,
        f"{TICK} from faultline.fire_schedule('s', {BASE} + interval '1 hour', 1)",
    ),
    "backfill": Verb(
        "paused schedule",
        OPERATOR,
        f"{TICK} from faultline.fire_schedule('s', {BASE} + interval '1 hour', 1, true)",
    ),
    "fire_schedules": Verb("due", RUNNER, f"{FIRED} from faultline.fire_schedules({TICKS})", passes_by=True),
    "fire_now": Verb("due", OPERATOR, "select coalesce('j' || job_id, 'nothing') from faultline.fire_now('s')"),
    # tokens
    "create_token": Verb(
        "queued", OPERATOR, "select faultline.create_token(decode(repeat('ab', 32), 'hex'), '{read}', 'n') is not null"
    ),
    "revoke_token": Verb("token", OPERATOR, "select faultline.revoke_token(1)"),
    # what only looks
    "account_balance": Verb("working above a floor", OBSERVER, "select faultline.account_balance('a')::text"),
    "advance_floor": Verb("queued", RUNNER, "select faultline.advance_floor('{q}') is not null"),
    "bell": Verb("queued", RUNNER, "select faultline.bell('q')"),
    "check_schedule": Verb("queued", OPERATOR, f"select faultline.check_schedule('{EVERY_HOUR}') is not null"),
    "find_token": Verb("token", OPERATOR, "select scopes::text from faultline.find_token(1)"),
    "job_status": Verb("queued", OBSERVER, "select faultline.job_status(1) ->> 'state'"),
    "metrics": Verb("queued", OBSERVER, "select count(*) > 0 from faultline.metrics()"),
    "next_ready": Verb("queued", RUNNER, "select faultline.next_ready('{q}') is not null"),
    "ready_queues": Verb("queued", RUNNER, "select string_agg(q, ' ') from faultline.ready_queues() q"),
    "run_status": Verb("begun run", OBSERVER, "select faultline.run_status(1) ->> 'state'"),
    "schedule_changes": Verb("due", RUNNER, "select jsonb_array_length(schedules) from faultline.schedule_changes()"),
    "schema_version": Verb("queued", OBSERVER, "select faultline.schema_version() is not null"),
    "task_contexts": Verb("running tasks", RUNNER, "select count(*) from faultline.task_contexts('{1,2}')"),
    "transaction_status": Verb("submitted", OBSERVER, "select faultline.transaction_status('t') ->> 'state'"),
    "unfinished": Verb("queued", RUNNER, "select faultline.unfinished('{q}')"),
    "verifies": Verb("queued", RUNNER, f"select faultline.verifies('{ALICE}')"),
    "verify": Verb("queued", OBSERVER, "select count(*) from faultline.verify()"),
    "why": Verb("queued", OBSERVER, "select faultline.why(1) ->> 'state'"),
    "zone_offsets": Verb(
        "queued", RUNNER, "select count(*) > 0 from faultline.zone_offsets('UTC', now(), now() + interval '1 day')"
    ),
}
