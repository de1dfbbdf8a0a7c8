"""The head beside the keystore notices a ledger that lost what this key has signed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.signer.ledger import Entry, GuardedLedger, Heads, Ledger, dump_ledger, load_ledger
from coldlever.signer.ledger.chain import NEW_LEDGER, Adoption
from coldlever.signer.ledger.heads import SUFFIX
from coldlever.signer.ledger.store import FILE_NAME

ALICE, BOB = Address(b"\xaa" * 20), Address(b"\xbb" * 20)
MAC_KEY = b"\x11" * 32


def entry(nonce, content=1, signer=ALICE):
    return Entry(Network.MAINNET, signer, nonce, bytes([content]) * 32, None, "10x")


@pytest.fixture
def place(tmp_path):
    """A key folder and a state folder."""
    for name in ("keys", "state"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def path(place):
    return place / "state" / FILE_NAME


def heads(place, signer=ALICE, say=lambda text: None):
    return Heads(signer, (place / "keys", place / "state"), say)


def record(place, *entries, signer=ALICE, is_new=False, mac_key=MAC_KEY, name="state"):
    with Ledger.open(place / name / FILE_NAME) as ledger:
        guarded = GuardedLedger(ledger, heads(place, signer), mac_key, is_new=is_new)
        return guarded.record(entries)


def refusal(place, *entries, **more):
    with pytest.raises(RuleRefused) as caught:
        record(place, *entries, **more)
    return caught.value.code


def test_the_head_follows_the_ledger(place, path):
    record(place, entry(1))
    record(place, entry(2), entry(3))
    with Ledger.open(path) as ledger:
        assert heads(place).read(MAC_KEY) == (ledger.reached(),)
        assert ledger.head().count == 3
    file = place / "keys" / (ALICE.lower + SUFFIX)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in (place / "keys").iterdir()] == [file.name]


@pytest.mark.parametrize("loss", ["missing", "older", "other"])
def test_a_ledger_that_lost_rows_records_nothing(place, path, loss):
    record(place, entry(1))
    older = path.read_bytes()
    record(place, entry(2))
    path.unlink()
    if loss == "older":
        path.write_bytes(older)
    if loss == "other":
        with Ledger.open(path) as ledger:
            ledger.record([entry(nonce) for nonce in range(50, 60)])
    assert refusal(place, entry(2, content=2)) == "ledger-behind"
    with Ledger.open(path) as ledger:
        assert entry(2, content=2) not in ledger.entries()


def test_a_ledger_that_extends_the_head_is_normal(place, path):
    record(place, entry(1))
    with Ledger.open(path) as ledger:  # killed before the head was written
        ledger.record([entry(2)])
    assert record(place, entry(2), entry(3)) == (True, False)


def test_each_signer_has_a_head_of_its_own(place):
    record(place, entry(1))
    record(place, entry(1, signer=BOB), signer=BOB)
    record(place, entry(2))
    assert heads(place).read(MAC_KEY)[0].head.count == 3
    assert heads(place, BOB).read(MAC_KEY)[0].head.count == 2


def test_a_person_may_go_on_with_a_new_ledger_and_the_ledger_says_so(place, path):
    record(place, entry(1), entry(2))
    (lost,) = heads(place).read(MAC_KEY)
    path.unlink()
    assert record(place, entry(3), is_new=True) == (False,)
    with Ledger.open(path) as ledger:
        assert ledger.chain() == (Adoption(NEW_LEDGER, (lost.head,)), entry(3))
    assert record(place, entry(4)) == (False,)


def test_importing_an_export_makes_up_for_the_loss(place, path):
    record(place, entry(1), entry(2))
    with Ledger.open(path) as ledger:
        data = dump_ledger(ledger.chain(), ledger.audit.heads())
    path.unlink()
    with Ledger.open(path) as ledger:
        ledger.record([entry(7, signer=BOB)])
        export = load_ledger(data, "f")
        ledger.merge(export.entries, export.heads, export.audit)
    assert refusal(place, entry(2, content=2)) == "nonce-used"
    assert record(place, entry(3)) == (False,)


def test_importing_into_an_empty_ledger_gives_the_same_chain(place, path):
    record(place, entry(5), entry(2))
    with Ledger.open(path) as ledger:
        export = load_ledger(dump_ledger(ledger.chain(), ledger.audit.heads()), "f")
        before = ledger.head()
    path.unlink()
    with Ledger.open(path) as ledger:
        ledger.merge(export.entries, export.heads, export.audit)
        assert ledger.head() == before
        ledger.merge(export.entries, export.heads, export.audit)
        assert ledger.head() == before


def test_an_export_from_before_the_head_does_not_make_up_for_it(place, path):
    record(place, entry(1))
    with Ledger.open(path) as ledger:
        export = load_ledger(dump_ledger(ledger.chain(), ledger.audit.heads()), "f")
    record(place, entry(2))
    path.unlink()
    with Ledger.open(path) as ledger:
        ledger.merge(export.entries, export.heads, export.audit)
    assert refusal(place, entry(2, content=2)) == "ledger-behind"


def test_an_older_head_passes_with_a_newer_export(place, path):
    record(place, entry(1))
    old = shutil.copytree(place / "keys", place / "backup")
    record(place, entry(2))
    with Ledger.open(path) as ledger:
        export = load_ledger(dump_ledger(ledger.chain(), ledger.audit.heads()), "f")
    path.unlink()
    shutil.rmtree(place / "keys")
    shutil.copytree(old, place / "keys")
    with Ledger.open(path) as ledger:
        ledger.record([entry(9, signer=BOB)])
        ledger.merge(export.entries, export.heads, export.audit)
    assert record(place, entry(3)) == (False,)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda wire: wire | {"count": 1},
        lambda wire: wire | {"link": "0x" + "00" * 32},
        lambda wire: wire | {"signer": str(BOB)},
        lambda wire: wire | {"audit": wire["audit"] | {"chain": "0x" + "00" * 16}},
        lambda wire: wire | {"audit": wire["audit"] | {"position": 1}},
        lambda wire: wire | {"audit": wire["audit"] | {"hash": "0x" + "00" * 32}},
        lambda wire: wire | {"mac": "0x" + "00" * 32},
        lambda wire: wire | {"extra": 1},
        lambda wire: [],
    ],
)
def test_a_head_that_was_altered_is_refused(place, spoil):
    record(place, entry(1), entry(2))
    file = place / "keys" / (ALICE.lower + SUFFIX)
    file.write_text(json.dumps(spoil(json.loads(file.read_text()))))
    assert refusal(place, entry(3)) == "head-damaged"


def test_a_head_cut_short_anywhere_is_refused(place):
    record(place, entry(1))
    file = place / "keys" / (ALICE.lower + SUFFIX)
    data = file.read_bytes()
    for length in range(len(data) - 1):
        file.write_bytes(data[:length])
        assert refusal(place, entry(2)) == "head-damaged", length


def test_a_head_written_with_another_key_is_refused(place):
    record(place, entry(1))
    assert refusal(place, entry(2), mac_key=bytes(32)) == "head-damaged"


def test_where_the_keystores_folder_cannot_be_written_the_head_lies_with_the_ledger(
    place, monkeypatch
):
    def read_only(folder):
        create = os.open

        def opened(path, flags, *rest, **more):
            if flags & os.O_CREAT and Path(path).parent == place / folder:
                raise OSError(30, "Read-only file system")
            return create(path, flags, *rest, **more)

        return opened

    said = []
    monkeypatch.setattr(os, "open", read_only("keys"))
    with Ledger.open(place / "state" / FILE_NAME) as ledger:
        GuardedLedger(ledger, heads(place, say=said.append), MAC_KEY, is_new=False).record(
            [entry(1)]
        )
    assert (place / "state" / (ALICE.lower + SUFFIX)).exists()
    assert list((place / "keys").iterdir()) == []
    assert "Read-only file system" in said[0]
    assert heads(place).read(MAC_KEY)[0].head.count == 1


def test_two_who_sign_with_one_key_wait_for_each_other(place):
    with heads(place).locked(), pytest.raises(EnvironmentFault) as caught, heads(place).locked(0.1):
        pass
    assert caught.value.code == "ledger-locked"


def test_when_the_head_cannot_be_written_nothing_is_recorded(place, path, monkeypatch):
    monkeypatch.setattr(
        "coldlever.signer.ledger.heads.Reserved.of",
        lambda path: (_ for _ in ()).throw(EnvironmentFault("write-failed", "disk full")),
    )
    with pytest.raises(EnvironmentFault) as caught:
        record(place, entry(1))
    assert caught.value.code == "head-unwritable"
    with Ledger.open(path) as ledger:
        assert ledger.entries() == ()


KILLED = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    from coldlever.shared.action.address import Address
    from coldlever.shared.action.network import Network
    from coldlever.shared.files import Reserved
    from coldlever.signer.ledger import Entry, GuardedLedger, Heads, Ledger

    place = Path(sys.argv[1])
    Reserved.fill = lambda self, data: os.kill(os.getpid(), signal.SIGKILL)
    heads = Heads(Address(b"\\xaa" * 20), (place / "keys", place / "state"), print)
    with Ledger.open(place / "state" / "ledger.sqlite3") as ledger:
        row = Entry(Network.MAINNET, heads.signer, 2, b"\\x01" * 32, None, "10x")
        GuardedLedger(ledger, heads, b"\\x11" * 32, is_new=False).record([row])
""")


def test_a_kill_between_the_ledger_and_the_head_does_no_harm(place, path, environment):
    record(place, entry(1))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(place)], env=environment, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert refusal(place, entry(2, content=2)) == "nonce-used"
    assert record(place, entry(2), entry(3)) == (True, False)
