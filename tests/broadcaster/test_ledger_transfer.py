"""Exporting, importing, backing up and verifying a ledger, from either engine into the other."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from coldlever.broadcaster.fate import NonceState

both = pytest.mark.both_engines
SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "schemas" / "ledger.schema.json").read_text()
)


@pytest.fixture
def busy(desk, action):
    """A desk with payloads of several fates, the last one open."""
    assert desk.post(desk.signed_file(action.leverage(5))).status == 0
    assert desk.post(desk.signed_file(action.leverage(500))).status in (4, 6)
    desk.exchange.inject("502")
    assert desk.post(desk.signed_file(action.leverage(6, asset=4))).status == 0
    desk.exchange.inject("drop")
    assert desk.post(desk.signed_file(action.leverage(7)), "--retry-for", "0").status == 7
    who = desk.user.address.checksummed
    assert (
        desk.run("draft", "--coin", "ETH", "--leverage", "3", "--cross", "--account", who).status
        == 0
    )
    return desk


@pytest.fixture
def export_of():
    def export(desk, name="ledger.jsonl"):
        path = desk.folder / name
        shown = desk.run("ledger", "export", "--out", str(path), "--force")
        assert shown.status == 0, shown.stderr
        return path

    return export


@pytest.fixture
def elsewhere(request, tmp_path):
    """Puts a desk before an empty ledger on the other engine."""

    def move(desk):
        desk.state = tmp_path / "elsewhere"
        desk.state.mkdir()
        if desk.ledger_url is None:
            postgres = request.getfixturevalue("postgres")
            desk.ledger_url = postgres.url(postgres.new_database())
        else:
            desk.ledger_url = None

    return move


def rows_of(desk):
    with closing(desk.ledger()) as ledger:
        return ledger.rows()


def damaged(path, change):
    lines = path.read_text().splitlines()
    change(lines)
    other = path.with_name("damaged.jsonl")
    other.write_text("".join(line + "\n" for line in lines))
    return str(other)


@both
def test_an_export_is_the_same_on_the_other_engine_and_goes_on_there(busy, export_of, elsewhere):
    before, first = rows_of(busy), export_of(busy)
    assert {row.state for row in before} >= {NonceState.OPEN, NonceState.SPENT_ACCEPTED}
    elsewhere(busy)
    shown = busy.run("ledger", "import", str(first), "--json")
    assert shown.document == {"added": len(before), "known": 0}
    assert rows_of(busy) == before
    again = export_of(busy, "again.jsonl")
    assert again.read_bytes().splitlines()[1:-1] == first.read_bytes().splitlines()[1:-1]
    assert busy.run("ledger", "verify", "--json").document["ok"] is True
    (resolved,) = busy.resolve().document
    assert resolved["status"] == "confirmed"


@both
def test_importing_twice_changes_nothing(busy, export_of):
    path, before = export_of(busy), rows_of(busy)
    shown = busy.run("ledger", "import", str(path), "--json")
    assert shown.document == {"added": 0, "known": len(before)}
    assert rows_of(busy) == before


@both
def test_a_row_that_differs_is_a_conflict_and_nothing_is_taken_over(busy, export_of):
    path = export_of(busy)
    busy.resolve()
    before = rows_of(busy)
    shown = busy.run("ledger", "import", str(path), "--json")
    assert (shown.status, shown.error) == (4, "ledger-conflict")
    assert rows_of(busy) == before


@both
def test_two_ledgers_that_sent_for_one_market_have_no_order(busy, export_of, elsewhere, action):
    path = export_of(busy)
    elsewhere(busy)
    assert busy.post(busy.signed_file(action.leverage(8))).status == 0
    before = rows_of(busy)
    shown = busy.run("ledger", "import", str(path), "--json")
    assert (shown.status, shown.error) == (4, "ledger-conflict")
    assert "market" in shown.document["error"]["message"]
    assert rows_of(busy) == before


def test_the_nonces_of_drafts_are_kept(busy, export_of, elsewhere):
    path = export_of(busy)
    venue, signer = busy.reader().api.venue.key, busy.user.address
    elsewhere(busy)
    busy.run("ledger", "import", str(path))
    with closing(busy.ledger()) as ledger:
        taken = ledger.take_draft_nonce(venue, signer, 1)
    (drafted,) = re.findall(r'\{"draft":.*"nonce":(\d+)', path.read_text())
    assert taken == max(int(drafted), *(row.key.nonce for row in rows_of(busy))) + 1


def test_every_line_is_as_the_schema_says(busy, export_of):
    check = jsonschema.Draft202012Validator(SCHEMA)
    check.check_schema(SCHEMA)
    lines = [json.loads(line) for line in export_of(busy).read_text().splitlines()]
    for line in lines:
        check.validate(line)
    assert {next(iter(line)) for line in lines} == {"kind", "post", "attempt", "draft", "end"}
    for part in ("post", "attempt", "draft", "end"):
        line = next(one for one in lines if part in one)
        assert SCHEMA["$defs"][part]["properties"].keys() == line[part].keys()
        for name in line[part]:
            less = {part: {key: one for key, one in line[part].items() if key != name}}
            assert not check.is_valid(less)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda lines: lines.pop(), "export-damaged"),
        (lambda lines: lines.pop(1), "export-damaged"),
        (lambda lines: lines.append(lines[1]), "export-damaged"),
        (lambda lines: lines.__setitem__(1, lines[1].replace("BTC", "ETH", 1)), "export-damaged"),
        (lambda lines: lines.__setitem__(0, lines[1]), "ledger-document"),
        (lambda lines: lines.__setitem__(0, lines[0].replace("1", "2")), "ledger-document"),
        (
            lambda lines: lines.__setitem__(1, lines[1].replace('"nonce":', '"nonce":"1","x":')),
            "ledger-document",
        ),
        (
            lambda lines: lines.__setitem__(1, lines[1].replace('"nonce":', '"nonce":1.5,"x":')),
            "ledger-document",
        ),
        (lambda lines: lines.__setitem__(1, "[]"), "ledger-document"),
        (lambda lines: lines.clear(), "export-damaged"),
    ],
)
def test_a_damaged_export_is_refused_whole(busy, export_of, elsewhere, change, code):
    path = damaged(export_of(busy), change)
    assert busy.run("ledger", "verify", path, "--json").error == code
    elsewhere(busy)
    shown = busy.run("ledger", "import", path, "--json")
    assert (shown.status, shown.error) == (3, code)
    assert rows_of(busy) == []


@both
@pytest.mark.invented_ledger
@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE posts SET envelope = REPLACE(envelope, '\"leverage\": 5', '\"leverage\": 9')",
        "UPDATE posts SET state = 'nonsense' WHERE state = 'open'",
        "UPDATE posts SET attempts = attempts + 1",
        "DELETE FROM attempts WHERE number = 1",
        "DELETE FROM posts WHERE state = 'open'",
    ],
)
def test_verify_finds_what_cannot_have_been_written(busy, forgery):
    assert busy.run("ledger", "verify").status == 0
    # The host would see by itself that an attempt has gone from a shared one.
    (busy.state / "shared-ledgers.json").unlink(missing_ok=True)
    with closing(busy.ledger()) as ledger, ledger.changing() as connection:
        connection.exec_driver_sql(forgery)
    shown = busy.run("ledger", "verify", "--json")
    assert (shown.status, shown.document["ok"]) == (3, False)
    assert shown.document["problems"]


def test_a_backup_is_named_by_the_time_is_private_and_replaces_nothing(busy):
    folder = busy.folder / "backups"
    folder.mkdir()
    shown = busy.run("ledger", "backup", str(folder), "--json")
    (path,) = folder.iterdir()
    assert shown.document == {"payloads": len(rows_of(busy)), "out": str(path)}
    assert path.stat().st_mode & 0o777 == 0o600
    assert busy.run("ledger", "verify", str(path)).status == 0
    again = busy.run("ledger", "backup", str(folder), "--json")
    assert (again.status, again.error) == (2, "output-exists")


def test_an_export_goes_to_stdout_too(busy, export_of):
    assert busy.run("ledger", "export").stdout.encode() == export_of(busy).read_bytes()
