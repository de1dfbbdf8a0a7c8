/* Written by tools/model.py from the table in coldlever.broadcaster.fate. */

mtype = { NONE, UNSENT, OPEN, NOT_ADMITTED, SPENT_ACCEPTED, SPENT_REFUSED, SPENT, DEAD, LAPSED, LEGACY };
mtype = { NO_ANSWER, ACCEPTED, REFUSED_BEFORE, REFUSED_AFTER, DUPLICATE, TOO_LOW, END_PASSED, OTHER_ACCEPTED, REVOCATION_DUPLICATE };

inline learn(known, event, then) {
  if
  :: known == UNSENT && event == NO_ANSWER -> then = OPEN
  :: known == UNSENT && event == ACCEPTED -> then = SPENT_ACCEPTED
  :: known == UNSENT && event == REFUSED_BEFORE -> then = NOT_ADMITTED
  :: known == UNSENT && event == REFUSED_AFTER -> then = SPENT_REFUSED
  :: known == UNSENT && event == DUPLICATE -> then = SPENT
  :: known == UNSENT && event == TOO_LOW -> then = DEAD
  :: known == UNSENT && event == END_PASSED -> then = LAPSED
  :: known == UNSENT && event == OTHER_ACCEPTED -> then = DEAD
  :: known == UNSENT && event == REVOCATION_DUPLICATE -> then = SPENT
  :: known == OPEN && event == ACCEPTED -> then = SPENT_ACCEPTED
  :: known == OPEN && event == REFUSED_AFTER -> then = SPENT_REFUSED
  :: known == OPEN && event == DUPLICATE -> then = SPENT
  :: known == OPEN && event == TOO_LOW -> then = DEAD
  :: known == OPEN && event == END_PASSED -> then = LAPSED
  :: known == OPEN && event == OTHER_ACCEPTED -> then = DEAD
  :: known == OPEN && event == REVOCATION_DUPLICATE -> then = SPENT
  :: known == NOT_ADMITTED && event == NO_ANSWER -> then = OPEN
  :: known == NOT_ADMITTED && event == ACCEPTED -> then = SPENT_ACCEPTED
  :: known == NOT_ADMITTED && event == REFUSED_AFTER -> then = SPENT_REFUSED
  :: known == NOT_ADMITTED && event == DUPLICATE -> then = SPENT
  :: known == NOT_ADMITTED && event == TOO_LOW -> then = DEAD
  :: known == NOT_ADMITTED && event == END_PASSED -> then = LAPSED
  :: known == NOT_ADMITTED && event == OTHER_ACCEPTED -> then = DEAD
  :: known == NOT_ADMITTED && event == REVOCATION_DUPLICATE -> then = SPENT
  :: known == SPENT_ACCEPTED && event == REFUSED_AFTER -> then = SPENT
  :: known == SPENT_ACCEPTED && event == OTHER_ACCEPTED -> then = SPENT
  :: known == SPENT_REFUSED && event == ACCEPTED -> then = SPENT
  :: known == SPENT && event == ACCEPTED -> then = SPENT_ACCEPTED
  :: known == SPENT && event == REFUSED_AFTER -> then = SPENT_REFUSED
  :: known == SPENT && event == OTHER_ACCEPTED -> then = DEAD
  :: known == DEAD && event == ACCEPTED -> then = SPENT_ACCEPTED
  :: known == LAPSED && event == ACCEPTED -> then = SPENT_ACCEPTED
  :: known == LAPSED && event == REFUSED_AFTER -> then = SPENT_REFUSED
  :: known == LAPSED && event == DUPLICATE -> then = SPENT
  :: known == LAPSED && event == TOO_LOW -> then = DEAD
  :: known == LAPSED && event == OTHER_ACCEPTED -> then = DEAD
  :: known == LAPSED && event == REVOCATION_DUPLICATE -> then = SPENT
  :: else -> then = known
  fi
}
