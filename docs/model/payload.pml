/* What became of a payload, as a model for Spin: `make model` checks it.

   Payloads of ours for one nonce, on two machines with a ledger each. Whatever can happen may
   happen at any step: a crash, a lost or late answer, a refusal before or after admission that
   passes, another payload with the same nonce, a revocation, an old ledger put back.
   table.pml is written from the programme's own table by tools/model.py. */

#include "table.pml"

#define NOBODY 0
#define OURS 1
#define SECOND 2  /* another payload of ours with this nonce, handed to the second machine */
#define OTHER 3   /* somebody else's */
#define NOOP 4    /* the revocation */

/* Time by the exchange's clock. 1: expired just now; 2: by more than the margin;
   3: the nonce has left the window; 4: by more than the margin. */
byte time = 0;
bool expires;               /* whether the payloads have an expiry at all */

/* The exchange. */
bool used = false;          /* the nonce is taken */
bool below_floor = false;   /* an unused nonce would be too low by now */
byte accepted = NOBODY;     /* which payload of ours took effect */

/* The two ledgers: durable. */
mtype row[2] = NONE;
byte payload[2] = NOBODY;   /* which payload the row is of */
bool is_blocked = false;    /* a revocation was sent from the first: the original is not, any more */

byte sent[2] = NOBODY;      /* which payload has ever left this machine */
bool late = false;          /* OURS is on its way, and may arrive at any time, and again */

#define can_land(state) (state == UNSENT || state == OPEN || state == NOT_ADMITTED)
#define is_over (time == 4 || (expires && time >= 2))
#define told_accepted(m) (row[m] == SPENT_ACCEPTED && accepted != payload[m])
#define told_refused(m) ((row[m] == SPENT_REFUSED || row[m] == DEAD) && accepted == payload[m])

/* No ledger says more than what is so. */
inline check() {
  assert(!told_accepted(0) && !told_accepted(1));
  assert(!told_refused(0) && !told_refused(1))
}

/* What no longer matters once the nonce is taken is forgotten, so that there are fewer states. */
inline take() {
  assert(!used && accepted == NOBODY);
  used = true; below_floor = false; late = false
}

/* In the order of the exchange's checks. That reasons come and go is a free choice each time. */
inline judge(who, has_expiry, answer) {
  if
  :: answer = REFUSED_BEFORE
  :: time >= 3 -> answer = TOO_LOW
  :: time < 3 && used -> answer = DUPLICATE
  :: time < 3 && !used && below_floor -> answer = TOO_LOW
  :: time < 3 && !used && !below_floor && has_expiry && time >= 1 ->
    take(); answer = REFUSED_AFTER
  :: time < 3 && !used && !below_floor && who != NOOP ->
    take(); answer = REFUSED_AFTER
  :: time < 3 && !used && !below_floor && !(has_expiry && time >= 1) ->
    take(); answer = ACCEPTED;
    if :: who == OURS || who == SECOND -> accepted = who :: else -> skip fi
  fi
}

/* A post: lost, on its way for long, answered, or landed with the answer lost. */
inline send(who, has_expiry, answer) {
  if
  :: answer = NO_ANSWER
  :: who == OURS && !used -> answer = NO_ANSWER; late = true
  :: skip; judge(who, has_expiry, answer)
  :: skip; judge(who, has_expiry, answer); answer = NO_ANSWER
  fi
}

inline finish() {
  if
  :: skip  /* A crash: the row stays open. */
  :: skip;
     /* Below the floor, or older than the window: the clock, read after the answer, tells. */
     if :: answer == TOO_LOW && time >= 3 -> answer = REFUSED_BEFORE :: else -> skip fi;
     /* Compare and set. */
     if :: row[me] == OPEN -> learn(before, answer, row[me]) :: else -> skip fi;
     check()
  fi;
  before = NONE; answer = NO_ANSWER
}

proctype Machine(byte me) {
  mtype before = NONE;
  mtype answer = NO_ANSWER;
end:
  do
  /* The row comes first; a nonce has one. */
  :: atomic { row[me] == NONE && time == 0 -> row[me] = UNSENT; payload[me] = OURS }
  :: atomic { row[me] == NONE && time == 0 && me == 1 -> row[me] = UNSENT; payload[me] = SECOND }
  /* Sending begins: by `post` after all checks, by `resolve` where an answer is missing. */
  :: atomic { can_land(row[me]) && time == 0 && !(me == 0 && is_blocked) ->
       before = row[me]; row[me] = OPEN }; goto sending
  /* The probe of what has expired. */
  :: atomic { (row[me] == OPEN || row[me] == LAPSED) && expires && time == 2 && !(me == 0 && is_blocked) ->
       learn(row[me], END_PASSED, before); row[me] = OPEN }; goto sending
  /* Every row that may land can be ended. */
  :: atomic { can_land(row[me]) && is_over ->
       learn(row[me], END_PASSED, row[me]); assert(!can_land(row[me])); check() }
  od;
sending:
  atomic {
    assert(row[me] != NONE);
    assert(sent[me] == NOBODY || sent[me] == payload[me]);
    sent[me] = payload[me];
    send(payload[me], expires, answer);
    check();
    /* Between answer and record anything may happen; on one machine is enough. */
    if :: me == 0 -> goto answered :: else -> skip fi;
    finish();
    goto end
  };
answered:
  atomic { finish(); goto end }
}

/* A noop with the same nonce, from the first machine: the original is blocked before, durably. */
proctype Revoker() {
  mtype answer = NO_ANSWER;
  atomic { row[0] != NONE -> is_blocked = true };
  atomic {
    send(NOOP, false, answer);
    if
    :: skip  /* A crash. */
    :: answer == ACCEPTED -> learn(row[0], OTHER_ACCEPTED, row[0])
    :: answer == DUPLICATE -> learn(row[0], REVOCATION_DUPLICATE, row[0])
    /* The nonce was never used, and never can be: that is so for whatever has it. */
    :: answer == TOO_LOW && time < 3 -> learn(row[0], TOO_LOW, row[0])
    :: else -> skip
    fi;
    check(); answer = NO_ANSWER
  }
}

/* Late arrivals, somebody else with the key, the floor, and time. */
proctype World() {
  mtype answer = NO_ANSWER;
end:
  do
  :: atomic { late -> judge(OURS, expires, answer); check(); answer = NO_ANSWER }
  :: atomic { !used && time == 0 -> judge(OTHER, false, answer); check(); answer = NO_ANSWER }
  :: atomic { !used && !below_floor -> below_floor = true }
  :: time < 4 -> time++
  od
}

/* A copy of the first ledger, taken before its row is settled, and put back at another time. */
proctype Backup() {
  mtype saved = NONE;
  atomic { can_land(row[0]) -> saved = row[0] };
  atomic { row[0] = saved; is_blocked = false; check(); saved = NONE }
}

init {
  atomic {
    if :: expires = true :: expires = false fi;
    run Machine(0); run Machine(1); run Revoker(); run World(); run Backup()
  }
}
