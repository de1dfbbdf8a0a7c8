"""The audit chain in the signer's ledger: one transaction with what it tells of, and attacks on it."""

import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing

import pytest

from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.audit import Event, Head, Kind
from coldlever.shared.audit.chain_head import ChainHead, adopted_heads
from coldlever.shared.errors import ColdleverError, EnvironmentFault, RuleRefused
from coldlever.signer.ledger import Entry, GuardedLedger, Heads, Ledger
from coldlever.signer.ledger.heads import SUFFIX
from coldlever.signer.ledger.store import FILE_NAME

ALICE = Address(b"\xaa" * 20)
MAC_KEY = b"\x11" * 32
EVENTS = 50


def entry(nonce, content=1):
    return Entry(Network.MAINNET, ALICE, nonce, bytes([content]) * 32, None, "10x")


def told(known):
    return [Event(Kind.SIGNED, f"signed {number}", nonce=number) for number in range(len(known))]


def event(number):
    return Event(Kind.APPROVED, f"event {number}", nonce=number, signer=ALICE, digest=bytes(32))


@pytest.fixture
def path(tmp_path):
    return tmp_path / FILE_NAME


@pytest.fixture(scope="module")
def fifty(tmp_path_factory):
    """The bytes of a ledger with a chain of fifty events."""
    place = tmp_path_factory.mktemp("fifty") / FILE_NAME
    with Ledger.open(place) as ledger:
        for number in range(0, EVENTS, 2):
            ledger.record([entry(number + 1)], (), told)
            ledger.note([event(number)])
    return place.read_bytes()


@pytest.fixture
def attacked(fifty, path):
    """The ledger after somebody did something to its tables."""

    def run(*statements):
        path.write_bytes(fifty)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement, *values in statements:
                connection.execute(statement, values)
        return path

    return run


def finding(path):
    with pytest.raises(RuleRefused) as caught:
        Ledger.open(path)
    assert caught.value.code == "audit-damaged"
    return caught.value.message


def rows(path):
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT position, event, link FROM audit ORDER BY 1").fetchall()
    connection.close()
    return found


def test_an_untouched_chain_is_whole(attacked):
    with Ledger.open(attacked()) as ledger:
        assert [one.position for one in ledger.audit.events()] == list(range(1, EVENTS + 1))
        assert ledger.audit.head().head == ledger.audit.events()[-1].head


def test_an_edit_of_any_row_is_found_and_the_row_is_named(attacked, fifty, path):
    path.write_bytes(fifty)
    for position, data, _ in rows(path):
        edited = data.replace(b'"says":"', b'"says":"not ')
        place = attacked(("UPDATE audit SET event = ? WHERE position = ?", edited, position))
        assert f"row {position} is not the one" in finding(place)
        place = attacked(("UPDATE audit SET link = zeroblob(32) WHERE position = ?", position))
        assert f"row {position} is not the one" in finding(place)


def test_a_row_that_was_taken_out_is_named(attacked):
    for position in range(1, EVENTS):
        place = attacked(("DELETE FROM audit WHERE position = ?", position))
        assert f"row {position} is missing" in finding(place)
        place = attacked(
            ("DELETE FROM audit WHERE position = ?", position),
            ("UPDATE audit SET position = position + 1000 WHERE position > ?", position),
            ("UPDATE audit SET position = position - 1001 WHERE position > 1000",),
        )
        assert f"row {position} is not the one" in finding(place)


def test_rows_that_were_swapped_put_in_or_renumbered_are_found(attacked, fifty, path):
    path.write_bytes(fifty)
    kept = rows(path)
    draw = random.Random(3)
    for _ in range(25):
        one, other = sorted(draw.sample(range(EVENTS), 2))
        swap = "UPDATE audit SET event = ?, link = ? WHERE position = ?"
        place = attacked(
            (swap, kept[other][1], kept[other][2], one + 1),
            (swap, kept[one][1], kept[one][2], other + 1),
        )
        assert f"row {one + 1} is not the one" in finding(place)
        added = ("INSERT INTO audit VALUES (?, ?, ?)", EVENTS + 1, *kept[one][1:])
        place = attacked(added)
        assert f"row {EVENTS + 1} is not the one" in finding(place)


def test_another_id_is_another_chain(attacked):
    place = attacked(("UPDATE audit_chain SET id = zeroblob(16)",))
    assert "row 1 is not the one" in finding(place)
    assert "its id is missing" in finding(attacked(("DELETE FROM audit_chain",)))


def test_a_column_of_another_type_is_refused_by_its_table(attacked):
    for statement in (
        "UPDATE audit SET event = CAST(event AS TEXT) WHERE position = 5",
        "UPDATE audit SET link = 'x' WHERE position = 5",
        "UPDATE audit SET position = -5 WHERE position = 5",
        "INSERT INTO audit_chain VALUES (2, zeroblob(16))",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            attacked((statement,))


def heads(tmp_path):
    return Heads(ALICE, (tmp_path,), lambda _: None)


def sign(path, number, *, is_new=False):
    with Ledger.open(path) as ledger:
        guarded = GuardedLedger(ledger, heads(path.parent), MAC_KEY, is_new=is_new)
        return guarded.record([entry(number)], told)


def test_a_cut_tail_is_found_by_the_head_beside_the_keystore_and_nothing_is_signed(path):
    for number in (1, 2, 3):
        sign(path, number)
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM audit WHERE position = 3")
    connection.commit()
    connection.close()
    with pytest.raises(RuleRefused, match="row 3 is missing") as caught:
        sign(path, 4)
    assert caught.value.code == "audit-behind"
    with Ledger.open(path) as ledger:
        assert [one.nonce for one in ledger.entries()] == [1, 2, 3]
    assert sign(path, 4, is_new=True) == (False,)
    with Ledger.open(path) as ledger:
        adopted = ledger.audit.events()[2].event
        assert adopted.kind is Kind.ADOPTED
        (named,) = adopted_heads(adopted)
        assert named.head.position == 3
        assert named.chain == ledger.audit.chain().id
    assert sign(path, 5) == (False,)


def test_a_chain_that_was_written_anew_is_a_fork(path):
    for number in (1, 2, 3):
        sign(path, number)
    with Ledger.open(path) as ledger:
        chain, kept = ledger.audit.chain(), ledger.audit.events()
    head, anew = chain.start, []
    for one in kept:
        changed = one.event if one.position != 2 else Event(Kind.SIGNED, "another story")
        anew.append(chain.append(head, changed))
        head = anew[-1].head
    connection = sqlite3.connect(path)
    for one in anew:
        values = (one.data, one.link, one.position)
        connection.execute("UPDATE audit SET event = ?, link = ? WHERE position = ?", values)
    connection.commit()
    connection.close()
    with Ledger.open(path) as ledger:
        assert ledger.audit.events()[1].event.says == "another story"
    with pytest.raises(RuleRefused) as caught:
        sign(path, 4)
    assert caught.value.code == "audit-forked"


def test_a_chain_with_another_id_that_took_nothing_over_is_a_fork(path):
    sign(path, 1)
    with Ledger.open(path) as ledger:
        kept = ledger.chain()
    path.unlink()
    with Ledger.open(path) as ledger:
        ledger.record(list(kept), (), told)
    with pytest.raises(RuleRefused) as caught:
        sign(path, 2)
    assert caught.value.code == "audit-forked"


@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_head_is_contained_where_it_was_passed_or_taken_over(path, position):
    other = ChainHead(b"\x55" * 16, Head(2, b"\x66" * 32))
    with Ledger.open(path) as ledger:
        ledger.note([event(1)])
        own = ledger.audit.head()
        ledger.note([Event(Kind.ADOPTED, f"imported 3 entries, whose audit {other.words}")])
        seen = ChainHead(other.chain, Head(position, b"\x66" * 32))
        assert ledger.audit.missing([own, seen]) == (() if position <= 2 else (seen,))
        # Words that only look like an adoption do not count.
        third = ChainHead(b"\x77" * 16, Head(1, b"\x66" * 32))
        ledger.note([Event(Kind.SIGNED, f"whose audit {third.words}")])
        assert ledger.audit.missing([third]) == (third,)


def test_a_refused_record_leaves_no_event(path):
    with Ledger.open(path) as ledger:
        ledger.record([entry(1)], (), told)
        with pytest.raises(RuleRefused):
            ledger.record([entry(2), entry(1, content=2)], (), told)
        assert len(ledger.audit.events()) == 1


def test_an_event_that_cannot_be_written_leaves_no_entry(path):
    def broken(_):
        raise OSError(28, "No space left on device")

    with Ledger.open(path) as ledger:
        with pytest.raises(OSError, match="No space"):
            ledger.record([entry(1)], (), broken)
        assert ledger.entries() == ()
        assert ledger.audit.events() == ()


def test_a_full_disk_records_neither(path):
    with Ledger.open(path) as ledger:
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        long = Event(Kind.SIGNED, "x" * 400, who="y" * 200)
        with pytest.raises(EnvironmentFault) as caught:
            ledger.record([entry(1)], (), lambda _: [long] * 40)
        assert caught.value.code == "ledger-full"
        with pytest.raises(EnvironmentFault) as caught:
            ledger.note([long] * 40)
        assert caught.value.code == "ledger-full"
        assert ledger.entries() == ()
        assert ledger.audit.events() == ()


def test_a_ledger_that_cannot_be_written_is_still_read(fifty, path):
    path.write_bytes(fifty)
    with Ledger.open(path) as ledger:
        ledger._connection.execute("PRAGMA query_only = ON")
        assert len(ledger.audit.events()) == EVENTS
        with pytest.raises(EnvironmentFault) as caught:
            ledger.note([event(1)])
        assert caught.value.code == "ledger-unusable"
    assert path.read_bytes() == fifty


KILLED = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from coldlever.shared.audit import Event, Kind
    from coldlever.shared.action.address import Address
    from coldlever.shared.action.network import Network
    from coldlever.signer.ledger import Entry, Ledger, audit, rows

    place, moment = sys.argv[1:]
    append, add = audit.append, rows.append

    def killed(*arguments):
        if moment == "after":
            append(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    audit.append = killed
    row = Entry(Network.MAINNET, Address(b"\\xaa" * 20), 2, b"\\x01" * 32, None, "10x")
    with Ledger.open(Path(place)) as ledger:
        ledger.record([row], (), lambda known: [Event(Kind.SIGNED, "signed")])
""")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_between_the_row_and_its_event_leaves_neither(path, environment, moment):
    with Ledger.open(path) as ledger:
        ledger.record([entry(1)], (), told)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), moment], env=environment, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    with Ledger.open(path) as ledger:
        assert [one.nonce for one in ledger.entries()] == [1]
        assert len(ledger.audit.events()) == 1


BUSY = textwrap.dedent("""
    import sys
    from pathlib import Path
    from coldlever.shared.audit import Event, Kind
    from coldlever.signer.ledger import Ledger

    for number in range(40):
        with Ledger.open(Path(sys.argv[1]), wait=30) as ledger:
            ledger.note([Event(Kind.APPROVED, f"{sys.argv[2]} {number}")])
""")


def test_two_processes_that_append_at_once_make_one_chain(path, environment):
    Ledger.open(path).__exit__(None, None, None)
    started = [
        subprocess.Popen([sys.executable, "-c", BUSY, str(path), name], env=environment)
        for name in ("a", "b")
    ]
    assert [one.wait(timeout=120) for one in started] == [0, 0]
    with Ledger.open(path) as ledger:
        says = [one.event.says for one in ledger.audit.events()]
    assert len(says) == 80
    for name in ("a", "b"):
        mine = [one for one in says if one.startswith(name)]
        assert mine == [f"{name} {number}" for number in range(40)]


def test_the_head_file_of_another_chain_does_not_pass_with_a_false_mac(path):
    sign(path, 1)
    file = path.parent / (ALICE.lower + SUFFIX)
    file.write_text(file.read_text().replace('"position": 1', '"position": 0'))
    with pytest.raises(ColdleverError) as caught:
        sign(path, 2)
    assert caught.value.code == "head-damaged"
