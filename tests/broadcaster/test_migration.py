"""A ledger of release 0.1 is brought up to date in place, after a copy."""

from __future__ import annotations

import json
import sqlite3
import stat

import pytest

from coldlever.broadcaster.fate import NonceState, Verdict
from coldlever.broadcaster.ledger import file as module
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.shared.errors import EnvironmentFault

# As release 0.1 made them.
TABLES = """
CREATE TABLE posts (venue VARCHAR NOT NULL, signer VARCHAR NOT NULL, nonce BIGINT NOT NULL,
 action_hash VARCHAR NOT NULL, url VARCHAR NOT NULL, account VARCHAR NOT NULL,
 coin VARCHAR NOT NULL, envelope TEXT NOT NULL, before TEXT, state VARCHAR NOT NULL,
 attempts INTEGER NOT NULL, code VARCHAR, sentence TEXT, answer TEXT,
 reserved_at BIGINT NOT NULL, changed_at BIGINT NOT NULL,
 PRIMARY KEY (venue, signer, nonce)) WITHOUT ROWID;
CREATE INDEX posts_by_state ON posts (state, venue);
CREATE TABLE drafts (venue VARCHAR NOT NULL, signer VARCHAR NOT NULL, nonce BIGINT NOT NULL,
 PRIMARY KEY (venue, signer)) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
STATES = {
    "reserved": (0, None, NonceState.UNSENT),
    "posting": (1, None, NonceState.OPEN),
    "unknown": (2, "expired-after-attempt", NonceState.OPEN),
    "accepted": (2, "accepted-earlier", NonceState.LEGACY),
    "confirmed": (1, "confirmed", NonceState.LEGACY),
    "rejected": (1, "exchange-refused", NonceState.LEGACY),
    "withdrawn": (0, "expired", NonceState.LEGACY),
    "closed": (3, "timed-out", NonceState.LEGACY),
}


@pytest.fixture
def old(desk):
    """The state folder as release 0.1 left it: a payload in each of its states."""
    path = desk.state / "ledger.sqlite3"
    venue = desk.reader().api.venue.key
    with sqlite3.connect(path) as connection:
        connection.executescript(TABLES)
        for place, (state, (attempts, code, _)) in enumerate(STATES.items()):
            payload = desk.sign(nonce=desk.time + place)
            signable = payload.signable
            connection.execute(
                f"INSERT INTO posts VALUES ({', '.join('?' * 16)})",
                (
                    venue,
                    desk.user.address.lower,
                    signable.nonce,
                    signable.action_hash().hex(),
                    desk.url,
                    desk.user.address.lower,
                    "BTC",
                    json.dumps(payload.to_wire()),
                    '{"isCross": true, "leverage": 20, "rawUsd": null}',
                    state,
                    attempts,
                    code,
                    None if code is None else "as it was",
                    '{"status": "ok"}' if state == "confirmed" else None,
                    desk.time,
                    desk.time + place,
                ),
            )
        connection.execute("INSERT INTO drafts VALUES (?, ?, 77)", (venue, desk.user.address.lower))
    connection.close()
    return path


def test_what_was_settled_is_kept_as_legacy_and_what_was_open_stays_open(desk, old):
    ledger = desk.ledger()
    rows = sorted(ledger.rows(), key=lambda row: row.key.nonce)
    ledger.close()
    assert [row.legacy for row in rows] == list(STATES)
    assert [(row.attempts, row.state) for row in rows] == [
        (attempts, state) for attempts, _, state in STATES.values()
    ]
    assert {row.verdict for row in rows} == {Verdict.UNKNOWN}
    assert rows[2].code == "expired"
    assert [row.answer for row in rows if row.legacy == "confirmed"] == [b'{"status": "ok"}']
    assert len(desk.run("history", "--state", "legacy", "--json").document) == 5
    assert 'weaker evidence (as "confirmed")' in desk.run("post", saved(desk, rows[4])).stderr


def saved(desk, row) -> str:
    return desk.save(json.loads(row.envelope))


def test_the_old_ledger_is_copied_whole_first(desk, old):
    desk.ledger().close()
    copy = old.with_name("ledger-0.1.sqlite3")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM posts").fetchone() == (len(STATES),)
    connection.close()
    assert not copy.with_suffix(".part").exists()
    before = copy.read_bytes()
    desk.ledger().close()
    assert copy.read_bytes() == before


def test_nothing_is_sent_for_what_had_been_settled_and_the_rest_goes_on(desk, old):
    told = {one["receipt"]["legacyStatus"]: one for one in desk.resolve().document}
    assert set(told) == {"reserved", "posting", "unknown"}
    assert told["reserved"]["held"] == "never-admitted"
    assert told["posting"]["held"] == told["unknown"]["held"] == "market-changed"
    assert desk.requests() == 0
    legacy = [row for row in rows_of(desk) if row.state is NonceState.LEGACY]
    assert len(legacy) == 5
    for row in legacy:
        told = desk.post(saved(desk, row))
        assert (told.status, told.document["status"]) == (7, "unknown")
        assert told.document["receipt"]["legacyStatus"] == row.legacy


def rows_of(desk):
    ledger = desk.ledger()
    rows = ledger.rows()
    ledger.close()
    return rows


def test_the_drafted_nonces_are_kept(desk, old):
    ledger = desk.ledger()
    venue = desk.reader().api.venue.key
    assert ledger.take_draft_nonce(venue, desk.user.address, 5) == desk.time + len(STATES)
    ledger.close()


def test_a_migration_that_fails_half_way_leaves_the_old_ledger(desk, old, monkeypatch):
    upgrade = module.upgrade_schema

    def fail_at_the_end(connection, version):
        upgrade(connection, version)
        connection.exec_driver_sql("NONSENSE")

    with monkeypatch.context() as patch:
        patch.setattr(module, "upgrade_schema", fail_at_the_end)
        with pytest.raises(EnvironmentFault):
            Ledger(desk.state)
    with sqlite3.connect(old) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(answer) FROM posts").fetchone() == (1,)
    connection.close()
    desk.ledger().close()
    assert len(rows_of(desk)) == len(STATES)
