"""A ledger that was damaged on its disk never lets a spent nonce be spent again.

Each damaged file is either taken, and then it still knows every nonce, or refused with one of our
own errors. The whole campaign is slow; a sample of it always runs.
"""

import contextlib
import os
import random
import sqlite3

import pytest

from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.errors import ColdleverError, RuleRefused
from coldlever.signer.ledger import ConfirmedCoin, Entry, Ledger
from coldlever.signer.ledger.store import FILE_NAME

ROWS = 60
ALICE = Address(b"\xaa" * 20)


def entry(nonce, content):
    words = f"asset {nonce}: set leverage to 10x cross"
    return Entry(Network.MAINNET, ALICE, nonce, bytes([content]) * 32, 1_795_000_000_000, words)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a sound ledger of 60 rows, written in several transactions."""
    path = tmp_path_factory.mktemp("whole") / FILE_NAME
    with Ledger.open(path) as ledger:
        for first in range(0, ROWS, 12):
            ledger.record([entry(1_000 + first + step, 1) for step in range(12)])
        ledger.remember_coins([ConfirmedCoin(Network.MAINNET, 4, "ETH")])
    return path.read_bytes()


def try_to_spend_again(data, folder):
    """What became of opening these bytes as a ledger and asking for a second action."""
    path = folder / FILE_NAME
    path.write_bytes(data)
    for leftover in folder.glob(FILE_NAME + "-*"):
        leftover.unlink()
    try:
        ledger = Ledger.open(path, wait=0.1)
    except ColdleverError as error:
        return error.code
    with ledger:
        for nonce in range(1_000, 1_000 + ROWS):
            with pytest.raises(RuleRefused) as caught:
                ledger.record([entry(nonce, 2)])
            assert caught.value.code == "nonce-used"
        assert ledger.confirmed_coin(Network.MAINNET, 4) in ("ETH", None)
    return "sound"


def damage(data, chance):
    """One damage of the kinds that disks and people do."""
    torn = bytearray(data)
    at = chance.randrange(len(torn))
    length = min(chance.choice((1, 4, 64, 512, 4096)), len(torn) - at)
    match chance.randrange(5):
        case 0:
            torn[at] ^= 1 << chance.randrange(8)
        case 1:
            torn[at : at + length] = chance.randbytes(length)
        case 2:
            torn[at : at + length] = bytes(length)
        case 3:
            page, other = (4096 * chance.randrange(len(torn) // 4096) for _ in range(2))
            torn[page : page + 4096] = data[other : other + 4096]
        case 4:
            del torn[at : at + length]
    return bytes(torn)


def test_an_undamaged_ledger_is_sound(whole, tmp_path):
    assert try_to_spend_again(whole, tmp_path) == "sound"


def test_a_ledger_cut_short_is_refused(whole, tmp_path):
    for length in [0, 1, 99, 100, 4_095, 4_096, 6_000, 8_192, *range(0, len(whole), 997)]:
        assert try_to_spend_again(whole[:length], tmp_path) == "ledger-damaged", length


@pytest.mark.parametrize("seed", range(80))
def test_a_damaged_ledger_spends_no_nonce_twice(whole, tmp_path, seed):
    try_to_spend_again(damage(whole, random.Random(seed)), tmp_path)


@pytest.mark.slow
def test_a_ledger_cut_short_anywhere_is_refused(whole, tmp_path):
    path = tmp_path / FILE_NAME
    path.write_bytes(whole)
    for length in reversed(range(len(whole))):
        os.truncate(path, length)
        with pytest.raises(RuleRefused) as caught:
            Ledger.open(path)
        assert caught.value.code == "ledger-damaged", length


@pytest.mark.slow
def test_a_thousand_damages_spend_no_nonce_twice(whole, tmp_path):
    outcomes = [
        try_to_spend_again(damage(whole, random.Random(seed)), tmp_path)
        for seed in range(1_000, 2_000)
    ]
    # What is still sound was damaged where nothing is written.
    assert outcomes.count("ledger-damaged") > 600, set(outcomes)


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM signed WHERE position = 7",
        "UPDATE signed SET nonce = 7 WHERE position = 7",
        "UPDATE signed SET action_hash = zeroblob(32) WHERE position = 7",
        "UPDATE signed SET description = 'nothing' WHERE position = 7",
        "UPDATE signed SET recorded_at = NULL WHERE position = 7",
        "UPDATE signed SET position = 90 WHERE position = 60",
        "INSERT INTO adopted VALUES (61, 'import', zeroblob(40), zeroblob(32))",
        "CREATE TRIGGER eager AFTER INSERT ON signed BEGIN DELETE FROM signed; END",
        "CREATE VIEW seen AS SELECT 1",
        "CREATE INDEX other ON signed (nonce)",
        "ALTER TABLE signed ADD COLUMN extra",
        "PRAGMA journal_mode = WAL",
        "PRAGMA application_id = 0",
    ],
)
def test_what_another_program_did_to_the_ledger_is_noticed(whole, tmp_path, tampering):
    path = tmp_path / FILE_NAME
    path.write_bytes(whole)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(tampering)
    with pytest.raises(RuleRefused) as caught:
        Ledger.open(path)
    assert caught.value.code == "ledger-damaged"


@pytest.mark.parametrize("column", ["signer", "nonce", "action_hash", "recorded_at", "description"])
def test_a_value_of_another_type_is_damage_and_no_defect(whole, tmp_path, column):
    path = tmp_path / FILE_NAME
    path.write_bytes(whole)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA ignore_check_constraints = ON")
        value = "'words'" if column != "description" else "x'ff'"
        other.execute(f"UPDATE signed SET {column} = {value} WHERE position = 7")
    with pytest.raises(RuleRefused) as caught:
        Ledger.open(path)
    assert caught.value.code == "ledger-damaged"


def test_the_refusal_of_an_empty_file_says_what_to_do(tmp_path):
    (tmp_path / FILE_NAME).touch()
    with pytest.raises(RuleRefused) as caught:
        Ledger.open(tmp_path / FILE_NAME)
    assert caught.value.code == "ledger-damaged"
    assert "ledger import" in caught.value.remedy
