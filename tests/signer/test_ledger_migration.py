"""A ledger of release 0.1 becomes today's, in place and after a copy."""

import contextlib
import sqlite3

import pytest

from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.audit import Kind
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.signer.ledger import Entry, Ledger
from coldlever.signer.ledger.store import FILE_NAME

ALICE = b"\xaa" * 20
# As release 0.1 made it, written out so that no change of today's code changes it.
TABLE_0_1 = """CREATE TABLE signed (
    network TEXT NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    signer BLOB NOT NULL CHECK (length(signer) = 20),
    nonce INTEGER NOT NULL CHECK (typeof(nonce) = 'integer' AND nonce >= 0),
    action_hash BLOB NOT NULL CHECK (length(action_hash) = 32),
    recorded_at INTEGER,
    description TEXT NOT NULL,
    PRIMARY KEY (network, signer, nonce)
) WITHOUT ROWID"""


def entry(nonce):
    return Entry(Network.MAINNET, Address(ALICE), nonce, bytes([nonce]) * 32, None, "10x")


@pytest.fixture
def path(tmp_path):
    """A ledger of 0.1 with three rows."""
    path = tmp_path / FILE_NAME
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.execute(TABLE_0_1)
        old.execute(f"PRAGMA application_id = {0x636C736C}")
        old.execute("PRAGMA user_version = 1")
        for nonce in (3, 1, 2):
            row = ("mainnet", ALICE, nonce, bytes([nonce]) * 32, None, "10x")
            old.execute("INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?)", row)
        old.commit()
    return path


def backup(path, suffix=""):
    return path.with_name(path.name + ".0.1.bak" + suffix)


def test_every_row_is_kept_and_the_old_file_lies_beside(path):
    before = path.read_bytes()
    with Ledger.open(path) as ledger:
        assert ledger.entries() == (entry(1), entry(2), entry(3))
        assert ledger.head().count == 3
        assert ledger.record([entry(2), entry(4)]) == (True, False)
    assert backup(path).read_bytes() == before
    assert backup(path).stat().st_mode & 0o777 == 0o600
    with Ledger.open(path) as again:
        assert again.entries()[-1] == entry(4)
    assert not backup(path, ".2").exists()


def test_a_copy_of_a_run_that_was_stopped_is_used_and_a_foreign_one_left_alone(path):
    backup(path).write_bytes(path.read_bytes())
    Ledger.open(path).__exit__(None, None, None)
    assert not backup(path, ".2").exists()


def test_another_copy_of_that_name_is_never_overwritten(path):
    before = path.read_bytes()
    backup(path).write_bytes(b"precious")
    with Ledger.open(path) as ledger:
        assert len(ledger.entries()) == 3
    assert backup(path).read_bytes() == b"precious"
    assert backup(path, ".2").read_bytes() == before


def test_without_a_copy_nothing_is_migrated(path, monkeypatch):
    def full_disk(*_, **__):
        raise EnvironmentFault("write-failed", "no space left on device")

    before = path.read_bytes()
    monkeypatch.setattr("coldlever.signer.ledger.migration.write_exclusive", full_disk)
    with pytest.raises(EnvironmentFault) as caught:
        Ledger.open(path)
    assert caught.value.code == "ledger-unusable"
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE signed SET description = x'00' WHERE nonce = 1",
        "UPDATE signed SET recorded_at = 'then' WHERE nonce = 1",
        "CREATE TRIGGER eager AFTER INSERT ON signed BEGIN DELETE FROM signed; END",
        "CREATE TABLE extra (a)",
    ],
)
def test_a_damaged_old_ledger_is_refused_and_left_alone(path, damage):
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.execute(damage)
        old.commit()
    before = path.read_bytes()
    with pytest.raises(RuleRefused) as caught:
        Ledger.open(path)
    assert caught.value.code == "ledger-damaged"
    assert path.read_bytes() == before


def test_its_audit_chain_begins_with_what_was_taken_over(path):
    with Ledger.open(path) as ledger:
        (first,) = ledger.audit.events()
    assert first.event.kind is Kind.ADOPTED
    assert first.event.says == "took over 3 entries of a ledger of release 0.1"
