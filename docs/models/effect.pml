/*
 * One transaction, its job and its effect outside, as sql/jobs, sql/ledger, effects.py and asker.py have them: two runners,
 * a receiver, the reaper, reconcile, two askers and an operator. What it says and what it leaves out: docs/models.md.
 *
 *     make model ARGS=effect
 *     make model ARGS="effect -DNO_FENCE"
 *
 * An atomic step is one commit, one request or one answer. A -D breaks the protocol in one place.
 *
 * An option never begins with an `if`: Spin takes its options for those of the outer one, and its `else` with them.
 */

#ifndef RUNNERS
#define RUNNERS 2
#endif
#ifdef KEY_OF_ATTEMPT
#define KEYS 2
#else
#define KEYS 1
#endif

mtype:job_state = { J_QUEUED, J_RUNNING, J_FAILED, J_SUCCEEDED, J_CANCELLED, J_DISCARDED };
mtype:effect_state = { E_NONE, E_INIT, E_SENT, E_APPLIED, E_ABSENT };
mtype:tx_state = { T_INIT, T_APPLIED, T_RECONCILED, T_FAILED };
mtype:answer = { A_NONE, A_APPLIED, A_ABSENT };

/* The database. */
mtype:job_state job = J_QUEUED;
byte holder;                      /* whose claim was the last one: the attempt */
bool cancel_requested;
mtype:effect_state effect = E_NONE;
bool ask_at;                      /* effects_to_ask hands it out */
mtype:tx_state tx = T_INIT;       /* APPLIED and RECONCILED have their entry: that is one commit */
bool due_at;                      /* something told reconcile to look */

/* The receiver. A request that has left may arrive at any time, any number of times, or never. */
bool flying[KEYS];
bool charged[KEYS];
bool refuses[KEYS];               /* closed by whoever asks when all is over, or the card was declined */
byte charges;

/* The world. */
bool works[RUNNERS];              /* it has not died on its attempt */
bool calm;                        /* nothing breaks from now on */
#ifdef KEY_OF_ATTEMPT
byte attempts;
#endif

#define me _pid                   /* the runners are the first processes */
#define IS_OVER (job == J_SUCCEEDED || job == J_CANCELLED || job == J_DISCARDED)
#define IS_SETTLED (tx == T_RECONCILED || tx == T_FAILED)
#define IS_CURRENT (job == J_RUNNING && holder == me)

/* The fence in the WHERE of _lock_attempt, _end_attempt and complete_job. */
#ifdef NO_FENCE
#define FENCE (job == J_RUNNING)
#else
#define FENCE IS_CURRENT
#endif

#ifdef NO_BURNT_CHECK
#define MAY_BE_SENT (tx == T_INIT || tx == T_FAILED)
#else
#define MAY_BE_SENT (tx == T_INIT)
#endif

#ifdef ENTERED_WHILE_SENT
#define MAY_BE_ENTERED (tx != T_FAILED)
#else
#define MAY_BE_ENTERED (tx != T_FAILED && effect != E_SENT)
#endif

#ifdef NO_IDEMPOTENCY
#define HONOURS(key) false
#else
#define HONOURS(key) charged[key]
#endif

/* What has to hold after every step that could break it. */
inline promises() {
	assert(charges <= 1);
	assert(tx != T_FAILED || charges == 0);
	assert((tx != T_APPLIED && tx != T_RECONCILED) || charges == 1);
	assert(effect != E_APPLIED || charges == 1);
	assert(effect != E_ABSENT || charges == 0)
}

/* A runner is about to write: a stale attempt changes nothing. */
inline writes() {
	assert(IS_CURRENT)
}

inline tell_transaction() {
	if
#ifndef NOT_TOLD
	:: !IS_SETTLED && (IS_OVER || tx == T_APPLIED) -> due_at = true
#endif
	:: else
	fi
}

/* Whether it is queued again or a dead letter depends on how often it has failed: either may be. */
inline end_attempt(may_retry, may_fail) {
	if
	:: cancel_requested -> job = J_CANCELLED
	:: !cancel_requested && may_retry -> job = J_QUEUED
	:: !cancel_requested && may_fail -> job = J_FAILED
	fi;
	tell_transaction()
}

inline settle() {
	if
	:: tx == T_INIT && IS_OVER && effect == E_SENT ->
#ifdef FAILS_WHILE_SENT
		tx = T_FAILED
#else
		ask_at = true
#endif
	:: tx == T_INIT && IS_OVER && effect == E_APPLIED -> tx = T_RECONCILED
	:: tx == T_INIT && IS_OVER && effect != E_SENT && effect != E_APPLIED -> tx = T_FAILED
	:: tx == T_APPLIED && job != J_RUNNING -> tx = T_RECONCILED
	:: else
	fi;
	due_at = false;
	promises()
}

/* Its process is gone, with all that it knew; another comes. That it may stand still at any step needs no word. */
#define DIES :: atomic { !calm -> works[me] = false; goto idle }

active [RUNNERS] proctype Runner() {
	mtype:effect_state seen = E_NONE;
	mtype:answer heard = A_NONE;
	byte key;

idle:	atomic { /* claim_jobs */
		job == J_QUEUED ->
		job = J_RUNNING;
		holder = me;
		works[me] = true;
		seen = E_NONE;
		heard = A_NONE;
#ifdef KEY_OF_ATTEMPT
		key = attempts;
		attempts = 1
#endif
	}

	/* perform() of effects.py. A reply that is lost is another call. */
begin:	if
	:: atomic { true -> /* begin_effect */
		if
		:: !FENCE || tx == T_FAILED -> goto failing
		:: else
		fi;
		if
		:: effect == E_NONE -> writes(); effect = E_INIT
		:: else
		fi;
		seen = effect;
		if
		:: !calm -> goto begin
		:: seen == E_INIT -> goto sent
		:: seen == E_SENT -> goto ask
		:: seen == E_APPLIED -> goto applied
		:: seen == E_ABSENT -> goto discard
		fi }
	DIES
	fi;

ask:	if
#ifdef GUESSES
	:: heard = A_APPLIED
	:: heard = A_ABSENT
#elif defined(SENDS_BLINDLY)
	:: heard = A_ABSENT
#else
	:: atomic { charged[key] -> heard = A_APPLIED }
	:: atomic { !charged[key] -> heard = A_ABSENT }
	:: !calm -> goto snooze /* nobody knows */
#endif
	DIES
	fi;
	if
	:: atomic { heard == A_APPLIED -> heard = A_NONE; goto applied }
	:: atomic { heard == A_ABSENT -> heard = A_NONE; goto sent }
	DIES
	fi;

sent:	if
	:: atomic { true -> /* effect_sent */
#ifndef NOT_RECORDED
		if
		:: FENCE && MAY_BE_SENT && effect == E_INIT -> writes(); effect = E_SENT
		:: FENCE && MAY_BE_SENT && effect == E_SENT
		:: !FENCE && job == J_SUCCEEDED && holder == me && effect == E_SENT
		:: else -> goto failing
		fi;
#endif
		if
		:: !calm -> goto sent
		:: true -> goto send
		fi }
	DIES
	fi;

send:	if
	:: flying[key] = true
	DIES
	fi;
	/* What the receiver has done stays done, and so an answer that is late is still true. */
	if
	:: charged[key] -> goto applied
	:: refuses[key] -> goto absent
	:: !calm -> goto gave_up
	DIES
	fi;

gave_up: if
	:: true -> goto failing
	:: !calm -> goto begin      /* the handler catches the error, and tries again */
	:: true -> goto enter       /* … or goes on */
	:: true -> goto complete    /* … or returns */
	DIES
	fi;

absent:	if
	:: atomic { true -> /* settle_effect: Refused */
		if
		:: FENCE && tx != T_FAILED && effect == E_SENT -> writes(); effect = E_ABSENT; promises()
		:: else -> goto failing
		fi;
		goto discard }
	DIES
	fi;

applied: if
	:: atomic { true -> /* settle_effect: APPLIED */
		if
		:: FENCE && tx != T_FAILED && effect == E_SENT -> writes(); effect = E_APPLIED; promises()
		:: FENCE && tx != T_FAILED && effect == E_APPLIED
		:: else -> goto failing
		fi;
		if
		:: true -> goto enter
		:: true -> goto enter_and_complete    /* in the same commit: a job that is nothing but its effect */
		:: true -> goto complete              /* the handler has no block */
		fi }
	DIES
	fi;

enter:	if
	:: true -> goto enter_and_complete
	:: atomic { true -> /* apply_ledger */
		if
		:: !FENCE || !MAY_BE_ENTERED -> goto failing
		:: else
		fi;
		if
		:: tx == T_INIT -> writes(); tx = T_APPLIED; promises()
		:: else
		fi;
		goto complete }
	DIES
	fi;

enter_and_complete: if
	:: atomic { true -> /* apply_and_complete */
		if
		:: !FENCE || !MAY_BE_ENTERED -> goto failing
		:: else
		fi;
		writes();
		if
		:: tx == T_INIT -> tx = T_APPLIED; promises()
		:: else
		fi;
		job = J_SUCCEEDED;
		tell_transaction();
		goto over }
	DIES
	fi;

complete: if
	:: atomic { true -> /* complete_job: it knows nothing of effects */
		if
		:: FENCE -> writes(); job = J_SUCCEEDED; tell_transaction()
		:: else
		fi;
		if
		:: true -> goto over
		:: !calm && seen != E_APPLIED -> goto sent    /* a thread that the handler has left behind */
		fi }
	DIES
	fi;

failing: if
	:: atomic { FENCE -> writes(); end_attempt(true, true); goto over }
	:: atomic { !FENCE -> goto over }
	DIES
	fi;

discard: if
	:: atomic { FENCE -> writes(); end_attempt(false, true); goto over }
	:: atomic { !FENCE -> goto over }
	DIES
	fi;

snooze:	if
	:: atomic { FENCE -> writes(); end_attempt(true, false); goto over }
	:: atomic { !FENCE -> goto over }
	DIES
	fi;

over:	atomic { true -> works[me] = false; goto idle }
}

/* reap_expired: until all is calm, a lease may run out under an attempt that works. */
#ifndef NO_REAPER
active proctype Reaper() {
	do
	:: atomic { job == J_RUNNING && (!calm || !works[holder]) -> end_attempt(true, true) }
	od
}
#endif

/* reconcile, without its sweep: what it was told of is enough. */
active proctype Reconcile() {
	do
	:: atomic { due_at -> settle() }
	od
}

/* asker.py: effects_to_ask, the App's function with closing, answer_effect. */
#ifndef NOBODY_ASKS
active [2] proctype Asker() {
	mtype:answer heard = A_NONE;

	do
	:: atomic { heard == A_NONE && ask_at && effect == E_SENT ->
		if
		:: charged[0] || charged[KEYS - 1] -> heard = A_APPLIED
		:: else ->
#ifndef NOT_CLOSED
			refuses[0] = true;
			refuses[KEYS - 1] = true;
#endif
			heard = A_ABSENT
		fi }
	:: heard != A_NONE && !calm -> heard = A_NONE    /* its runner died */
	:: atomic { heard != A_NONE ->
		if
		:: IS_OVER && effect == E_SENT && heard == A_APPLIED -> effect = E_APPLIED
		:: IS_OVER && effect == E_SENT && heard == A_ABSENT -> effect = E_ABSENT
		:: else
		fi;
		heard = A_NONE;
		promises();
		settle() }
	od
}
#endif

/* A key that has charged only answers; one that is refused charges nothing; a card may be declined, for good. */
#define ARRIVES(key) \
	atomic { flying[key] && !HONOURS(key) && !refuses[key] -> charged[key] = true; charges++; promises() } \
	:: atomic { flying[key] && !charged[key] && !refuses[key] -> refuses[key] = true }

active proctype Receiver() {
	do
	:: ARRIVES(0)
#ifdef KEY_OF_ATTEMPT
	:: ARRIVES(1)
#endif
	od
}

active proctype Operator() {
	do
	:: atomic { job == J_QUEUED && !calm -> job = J_CANCELLED; tell_transaction() }                 /* cancel_job */
	:: atomic { job == J_RUNNING && !calm && !cancel_requested -> cancel_requested = true }
	:: atomic { job == J_FAILED && !calm -> cancel_requested = false; job = J_QUEUED }              /* retry_job */
#ifndef NOBODY_DISCARDS
	:: atomic { job == J_FAILED -> job = J_DISCARDED; tell_transaction() }                          /* discard_job */
#endif
	:: atomic { !calm && tx == T_INIT && effect != E_SENT && effect != E_APPLIED ->                 /* fail_transaction */
		if
		:: job == J_RUNNING -> cancel_requested = true
		:: job == J_QUEUED -> job = J_CANCELLED
		:: job == J_FAILED -> job = J_DISCARDED
		:: else
		fi;
		tx = T_FAILED;
		due_at = false;
		promises() }
	od
}

active proctype Weather() {
	calm = true
}

/* With weak fairness: whatever has broken, once nothing breaks any more every transaction is settled. */
ltl settled { <> IS_SETTLED }
