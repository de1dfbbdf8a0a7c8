import contextlib
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.action.what import What
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.signer.ledger.entry import Entry
from coldlever.signer.ledger.store import FILE_NAME, Ledger, Merged

ALICE = Address(b"\xaa" * 20)
BOB = Address(b"\xbb" * 20)


def entry(nonce=1_000, content=1, signer=ALICE, network=Network.MAINNET):
    return Entry(network, signer, nonce, bytes([content]) * 32, 5, "asset 0: set leverage to 10x")


@pytest.fixture
def path(tmp_path):
    return tmp_path / FILE_NAME


@pytest.fixture
def ledger(path):
    with Ledger.open(path) as opened:
        yield opened


def rule(action, *arguments):
    with pytest.raises(RuleRefused) as caught:
        action(*arguments)
    return caught.value.code


def fault(action, *arguments):
    with pytest.raises(EnvironmentFault) as caught:
        action(*arguments)
    return caught.value.code


def test_a_new_nonce_is_recorded_and_the_same_request_is_known(ledger):
    assert ledger.record([entry()]) == (False,)
    assert ledger.record([entry()]) == (True,)
    assert ledger.entries() == (entry(),)


def test_another_request_with_the_same_nonce_is_never_recorded(ledger):
    ledger.record([entry(content=1)])
    assert rule(ledger.record, [entry(content=2)]) == "nonce-used"
    assert ledger.entries() == (entry(content=1),)


def revocation(nonce=1_000, **more):
    return replace(entry(nonce, content=9, **more), what=What.REVOCATION)


def test_what_was_signed_may_be_revoked_and_is_never_signed_again(ledger):
    ledger.record([entry()])
    assert ledger.record([revocation()]) == (False,)
    assert ledger.record([revocation()]) == (True,)
    assert rule(ledger.record, [entry()]) == "nonce-revoked"
    assert rule(ledger.rehearse, [entry(content=2)]) == "nonce-revoked"
    assert ledger.entries() == (entry(), revocation())


def test_what_was_never_signed_may_be_revoked_and_is_not_signed_afterwards(ledger):
    ledger.record([revocation()])
    assert rule(ledger.record, [entry()]) == "nonce-revoked"
    assert ledger.record([entry(signer=BOB), entry(2_000)]) == (False, False)


def test_a_batch_that_revokes_and_signs_the_same_nonce_is_refused_whole(ledger):
    assert rule(ledger.record, [revocation(), entry()]) == "nonce-revoked"
    assert ledger.entries() == ()


def test_a_nonce_below_the_floor_may_be_revoked(ledger):
    ledger.record([entry(nonce=nonce) for nonce in range(100, 200)])
    assert ledger.record([revocation(100), revocation(50)]) == (False, False)


def test_a_payload_and_its_revocation_count_as_one_nonce(ledger):
    ledger.record([entry(nonce=nonce) for nonce in range(100, 199)])
    ledger.record([revocation(198)])
    assert ledger.highest_nonces(Network.MAINNET, ALICE) == list(range(100, 199))


def test_a_revocation_is_merged_beside_its_payload(ledger):
    ledger.record([revocation()])
    assert ledger.merge([entry(), revocation()]) == Merged(added=1, known=1)
    assert rule(ledger.record, [entry()]) == "nonce-revoked"


def test_the_refusal_names_what_the_nonce_was_spent_on(ledger):
    ledger.record([entry(content=1)])
    with pytest.raises(RuleRefused, match=r"asset 0: set leverage to 10x.*0x0101"):
        ledger.record([entry(content=2)])


def test_signers_and_networks_have_nonces_of_their_own(ledger):
    assert ledger.record(
        [entry(), entry(content=2, signer=BOB), entry(content=3, network=Network.TESTNET)]
    ) == (False, False, False)


def test_a_batch_is_recorded_whole_or_not_at_all(ledger):
    ledger.record([entry(nonce=2)])
    assert rule(ledger.record, [entry(nonce=3), entry(nonce=2, content=9)]) == "nonce-used"
    assert len(ledger.entries()) == 1


def test_one_batch_may_not_spend_a_nonce_twice(ledger):
    assert rule(ledger.record, [entry(content=1), entry(content=2)]) == "nonce-used"
    assert ledger.entries() == ()
    assert ledger.record([entry(), entry()]) == (False, True)


def test_a_nonce_must_lie_above_the_lowest_of_the_hundred_highest(ledger):
    ledger.record([entry(nonce=nonce) for nonce in range(100, 200)])
    assert rule(ledger.record, [entry(nonce=100, content=2)]) == "nonce-used"
    assert rule(ledger.record, [entry(nonce=99)]) == "nonce-too-low"
    assert ledger.record([entry(nonce=200)]) == (False,)
    # 100 has left the hundred highest now, and was signed before: it may be signed again.
    assert ledger.record([entry(nonce=100)]) == (True,)
    assert rule(ledger.record, [entry(nonce=50)]) == "nonce-too-low"
    assert ledger.record([entry(nonce=50, signer=BOB)]) == (False,)


def test_with_ninety_nine_known_nonces_a_lower_one_still_fits(ledger):
    ledger.record([entry(nonce=nonce) for nonce in range(100, 199)])
    assert ledger.record([entry(nonce=7)]) == (False,)
    assert rule(ledger.record, [entry(nonce=6)]) == "nonce-too-low"


def test_the_hundred_highest_are_followed_through_a_batch(ledger):
    rising = [entry(nonce=nonce) for nonce in range(1, 151)]
    assert not any(ledger.record(rising))
    falling = [entry(nonce=nonce, signer=BOB) for nonce in range(150, 0, -1)]
    assert rule(ledger.record, falling) == "nonce-too-low"
    assert ledger.entries(signer=BOB) == ()


def test_rehearsing_refuses_alike_and_records_nothing(ledger):
    ledger.rehearse([entry(), entry(nonce=2)])
    assert ledger.entries() == ()
    ledger.record([entry()])
    assert rule(ledger.rehearse, [entry(content=2)]) == "nonce-used"


def test_entries_are_listed_by_network_and_signer(ledger):
    rows = [entry(3), entry(1, signer=BOB), entry(2), entry(9, network=Network.TESTNET)]
    ledger.record(rows)
    assert ledger.entries(Network.TESTNET) == (rows[3],)
    assert ledger.entries(Network.MAINNET, ALICE) == (rows[2], rows[0])
    assert ledger.entries(signer=BOB) == (rows[1],)


def test_a_time_may_be_missing(ledger):
    timeless = replace(entry(), recorded_at=None)
    ledger.record([timeless])
    assert ledger.entries() == (timeless,)


def test_entries_survive_closing(path):
    with Ledger.open(path) as first:
        first.record([entry()])
    with Ledger.open(path) as second:
        assert second.record([entry()]) == (True,)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_ledger_that_does_not_exist_reads_as_empty_and_is_not_made(path):
    with Ledger.open_existing(path) as nothing:
        assert nothing.entries() == ()
        nothing.rehearse([entry()])
    assert not path.exists()


def test_merging_adds_what_is_new_and_may_be_repeated(ledger):
    ledger.record([entry(1)])
    assert ledger.merge([entry(1), entry(2), entry(3)]) == Merged(added=2, known=1)
    assert ledger.merge([entry(1), entry(2), entry(3)]) == Merged(added=0, known=3)


def test_merging_a_contradiction_changes_nothing(ledger):
    ledger.record([entry(5, content=1)])
    assert rule(ledger.merge, [entry(4), entry(5, content=2)]) == "nonce-used"
    assert ledger.entries() == (entry(5, content=1),)
    assert rule(ledger.merge, [entry(6, content=1), entry(6, content=2)]) == "nonce-used"
    assert len(ledger.entries()) == 1


def test_merging_takes_nonces_below_the_floor(ledger):
    ledger.record([entry(nonce=nonce) for nonce in range(100, 200)])
    assert ledger.merge([entry(nonce=1)]) == Merged(added=1, known=0)


def test_a_locked_ledger_is_waited_for_and_then_reported(path):
    with Ledger.open(path), contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(EnvironmentFault) as caught:
            Ledger.open(path, wait=0.05)
        assert caught.value.code == "ledger-locked"
        other.rollback()
    with Ledger.open(path, wait=0.05) as later, contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert fault(later.record, [entry()]) == "ledger-locked"
        assert later.entries() == ()


def test_a_file_that_is_no_database_is_refused(path):
    path.write_bytes(b"these are not the bytes of a database" * 100)
    assert rule(Ledger.open, path) == "ledger-damaged"


def test_a_database_of_another_program_is_refused_and_left_alone(path):
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE cookies (host TEXT)")
    before = path.read_bytes()
    assert rule(Ledger.open, path) == "ledger-damaged"
    assert path.read_bytes() == before


def test_a_ledger_of_another_version_is_refused(path):
    with Ledger.open(path):
        pass
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    assert fault(Ledger.open, path) == "ledger-version"


def test_a_ledger_without_its_table_signs_nothing(path):
    with Ledger.open(path) as ledger:
        ledger._connection.execute("DROP TABLE signed")
        assert rule(ledger.record, [entry()]) == "ledger-damaged"


def test_a_torn_ledger_signs_nothing(path):
    with Ledger.open(path) as ledger:
        ledger.record([entry(nonce) for nonce in range(1, 400)])
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    assert rule(Ledger.open, path) == "ledger-damaged"


def test_a_full_disk_records_nothing(ledger):
    ledger._connection.execute("PRAGMA max_page_count = 2")
    many = [entry(nonce) for nonce in range(1, 400)]
    assert fault(ledger.record, many) == "ledger-full"
    assert ledger.entries() == ()
    assert ledger.record([entry()]) == (False,)


def test_a_folder_in_its_place_is_refused(path):
    path.mkdir()
    assert fault(Ledger.open, path) == "ledger-unusable"


def test_a_missing_folder_is_refused(tmp_path):
    assert fault(Ledger.open, tmp_path / "nowhere" / FILE_NAME) == "ledger-unusable"


def test_an_interruption_inside_the_transaction_leaves_nothing(ledger, monkeypatch):
    class Interrupting(list):
        def __iter__(self):
            yield entry(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.record(Interrupting())
    assert ledger.entries() == ()
    assert ledger.record([entry(1, content=2)]) == (False,)


RACER = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from coldlever.shared.action.address import Address
    from coldlever.shared.errors import RuleRefused
    from coldlever.shared.action.network import Network
    from coldlever.signer.ledger.entry import Entry
    from coldlever.signer.ledger.store import Ledger

    path, number = Path(sys.argv[1]), int(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    with Ledger.open(path, wait=60) as ledger:
        for nonce in range(1, 41):
            row = Entry(Network.MAINNET, Address(bytes(20)), nonce, bytes([number]) * 32, None, "")
            try:
                ledger.record([row])
                print(nonce)
            except RuleRefused as error:
                assert error.code == "nonce-used"
""")


def test_of_processes_that_race_for_a_nonce_exactly_one_gets_it(path, environment):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path), str(number)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(1, 5)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [int(nonce) for racer in racers for nonce in racer.communicate(timeout=60)[0].split()]
    assert all(racer.returncode == 0 for racer in racers)
    assert sorted(won) == list(range(1, 41))


def test_a_process_killed_inside_the_transaction_leaves_a_working_ledger(path, environment):
    script = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from coldlever.shared.action.address import Address
        from coldlever.shared.action.network import Network
        from coldlever.signer.ledger.entry import Entry
        from coldlever.signer.ledger.store import Ledger

        class Fatal(list):
            def __iter__(self):
                for nonce in range(1, 4000):
                    yield Entry(Network.MAINNET, Address(bytes(20)), nonce, bytes(32), None, "x" * 99)
                os.kill(os.getpid(), signal.SIGKILL)

        with Ledger.open(Path(sys.argv[1])) as ledger:
            ledger._connection.execute("PRAGMA cache_size = 5")
            ledger.record(Fatal())
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], env=environment, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert path.with_name(path.name + "-journal").exists()
    with Ledger.open(path) as ledger:
        assert ledger.entries() == ()
        assert ledger.record([entry()]) == (False,)
