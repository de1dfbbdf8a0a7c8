"""A shared ledger that lost rows is found by every host that has seen them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from coldlever.broadcaster.ledger.memory import FILE_NAME, KEPT, HostMemory
from coldlever.broadcaster.ledger.store import Ledger


@pytest.fixture
def shared(desk, postgres):
    """A desk before a shared ledger in which one payload was posted."""
    desk.ledger_url = postgres.url(postgres.new_database())
    assert desk.post(desk.signed_file()).status == 0
    return desk


def database_of(desk):
    return sa.make_url(desk.ledger_url).database


def go_back(desk, postgres, copy):
    """As if a standby without the last rows had taken over, or a backup had been put back."""
    was, aside = database_of(desk), f"{database_of(desk)}_aside"
    postgres.sql(
        f"ALTER DATABASE {was} RENAME TO {aside}", f"ALTER DATABASE {copy} RENAME TO {was}"
    )
    return aside


@pytest.fixture
def copy(shared, postgres):
    """The ledger's database as it is now, under another name."""

    def make():
        name = f"{database_of(shared)}_copy"
        postgres.sql(f"CREATE DATABASE {name} TEMPLATE {database_of(shared)}")
        return name

    return make


def test_a_ledger_that_lost_what_was_sent_is_refused_by_every_command(shared, postgres, copy):
    older = copy()
    other = shared.signed_file(name="other.json")
    assert shared.post(other).status == 0
    aside = go_back(shared, postgres, older)
    nonce = json.loads(Path(other).read_text())["payload"]["nonce"]
    for command in ("post", "check"):
        shown = shared.run(command, other, "--json")
        assert (shown.status, shown.error) == (8, "ledger-behind")
        assert str(nonce) in shown.document["error"]["message"]
    assert shared.resolve().error == "ledger-behind"
    assert shared.accepted() == 2
    postgres.sql(
        f"ALTER DATABASE {database_of(shared)} RENAME TO {older}",
        f"ALTER DATABASE {aside} RENAME TO {database_of(shared)}",
    )
    assert shared.post(other).status == 0, "the right one is taken again"


def test_what_another_host_sent_is_remembered_once_it_was_seen(shared, postgres, copy, tmp_path):
    older, here = copy(), shared.state
    shared.state = tmp_path / "other-host"
    shared.state.mkdir()
    assert shared.post(shared.signed_file(name="other.json")).status == 0
    shared.state = here
    assert shared.run("history").status == 0
    go_back(shared, postgres, older)
    assert shared.run("history", "--json").error == "ledger-behind"


def test_an_attempt_is_remembered_before_it_is_sent(shared, postgres, copy, monkeypatch):
    older = copy()

    def die(*_args, **_options):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("coldlever.broadcaster.venue.client.ExchangeApi.post", die)
        assert shared.post(shared.signed_file(name="other.json")).status == 1
    go_back(shared, postgres, older)
    assert shared.run("history", "--json").error == "ledger-behind"


def test_an_empty_ledger_in_its_place_is_refused_and_a_new_url_is_not(shared, postgres):
    postgres.sql(f"ALTER DATABASE {database_of(shared)} RENAME TO {database_of(shared)}_aside")
    postgres.sql(f"CREATE DATABASE {database_of(shared)}")
    assert shared.run("history", "--json").error == "ledger-behind"
    shared.ledger_url = postgres.url(postgres.new_database())
    assert shared.run("history", "--json").status == 0


def test_the_same_ledger_at_another_url_is_known(shared, postgres, copy):
    older = copy()
    assert shared.post(shared.signed_file(name="other.json")).status == 0
    shared.ledger_url = postgres.url(older)
    assert shared.run("history", "--json").error == "ledger-behind"


def test_a_person_can_go_on_without_what_was_lost(shared, postgres, copy):
    older = copy()
    other = shared.signed_file(name="other.json")
    assert shared.post(other).status == 0
    go_back(shared, postgres, older)
    shared.sit_down(lambda question: "no")
    assert shared.run("ledger", "accept-loss").status == 5
    assert shared.run("history", "--json").error == "ledger-behind"
    asked = []
    shared.sit_down(lambda question: asked.append(question) or "lost 1")
    shown = shared.run("ledger", "accept-loss")
    assert shown.status == 0
    assert "lost: nonce" in shown.stderr
    assert len(asked) == 1
    assert shared.run("ledger", "accept-loss", "--json").document == {"lost": 0}
    again = shared.post(other)
    assert (again.status, again.document["status"]) == (7, "in-effect"), "its nonce was used"
    assert shared.accepted() == 2


def test_a_file_has_no_loss_to_accept(desk):
    assert desk.run("ledger", "accept-loss", "--json").document == {"lost": 0}


def test_the_memory_is_bounded_and_a_damaged_one_is_said(shared):
    memory = shared.state / FILE_NAME
    for number in range(KEPT + 3):
        assert shared.post(shared.signed_file(name=f"{number}.json")).status == 0
    (seen,) = json.loads(memory.read_text()).values()
    assert len(seen["attempts"]) == KEPT
    assert memory.stat().st_mode & 0o777 == 0o600
    memory.write_text("{")
    assert shared.run("history", "--json").error == "ledger-memory"


def test_a_ledger_in_a_file_is_not_compared(desk):
    assert desk.post(desk.signed_file()).status == 0
    assert not (desk.state / FILE_NAME).exists()
    with closing(Ledger(desk.state, memory=HostMemory(desk.state))) as ledger:
        assert len(ledger.rows()) == 1
