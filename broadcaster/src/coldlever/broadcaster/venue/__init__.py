"""The exchange as a client meets it: requests, typed answers, verdicts; nothing is decided here."""
