"""Foreign text must not reach the terminal as anything but printable ASCII."""

import json

import pytest

HOSTILE = [
    "\x1b[2J\x1b[1;1H", "\x07\x08\x7f\x00", "\u202egnp.exe", "\u2066a\u2069", "\u0430pple",
    "line\nbreak\r\ttab", "\\u{001b}", "\U0001f600" * 20, "a\u0300" * 30, "\x9b31m", "\u2028",
]  # fmt: skip


@pytest.fixture(scope="module")
def strings(reference):
    published = json.loads((reference / "naughty" / "blns.json").read_text())
    assert len(published) > 500
    return HOSTILE + published


@pytest.fixture
def now(machine):
    return machine.clock()


@pytest.fixture
def requests(strings, make_request, now):
    """One request for each string, with the string as its note and its coin."""
    return [
        make_request(
            nonce=now + number,
            note=text[:500],
            action=make_request()["action"] | {"asset": 110_000 + number},
            market={
                "network": "mainnet", "asset": 110_000 + number, "coin": f"dex:X{text[:59]}",
                "maxLeverage": 40, "marginMode": "normal", "delisted": False, "time": 1,
            },
        )
        for number, text in enumerate(strings)
    ]  # fmt: skip


def unprintable(text):
    return {character for character in text if not (" " <= character <= "~" or character == "\n")}


def test_nothing_unprintable_reaches_the_screen(cli, requests, request_file, sign):
    path = request_file(*requests)
    expected = [
        part
        for one in requests
        for part in ("--expect", f"{one['market']['asset']}={one['market']['coin']}")
    ]
    refused = sign(path)
    assert refused.exit_code == 4
    shown = (cli("inspect", path), sign(path, *expected), cli("ledger", "show"))
    assert [result.exit_code for result in shown] == [0, 0, 0]
    for result in (refused, *shown):
        assert unprintable(result.stderr) == set()
        assert unprintable(result.stdout) == set()


def test_a_single_request_shows_its_note_escaped(cli, request_file, make_request):
    for text in HOSTILE:
        result = cli("inspect", request_file(make_request(note=text)))
        assert result.exit_code == 0
        assert unprintable(result.stderr) == set()


def test_nothing_unprintable_hides_in_json(cli, requests, request_file):
    path = request_file(*requests)
    output = cli("inspect", path, "--json").stdout
    assert unprintable(output) <= {"\x7f"}
    assert [one["coin"] for one in json.loads(output)] == [
        request["market"]["coin"] for request in requests
    ]


def test_hostile_file_names_are_escaped(cli, tmp_path):
    name = tmp_path / "bad\x1b[31m\u202e.json"
    result = cli("inspect", name)
    assert result.exit_code == 3
    assert unprintable(result.stderr) == set()


@pytest.mark.slow
def test_hostile_keys_and_values_are_escaped_in_refusals(cli, strings, tmp_path):
    path = tmp_path / "f.json"
    for text in strings:
        for value in ({text: 1}, {"type": text}, {"network": text, "action": 1, "nonce": 1}):
            path.write_text(json.dumps(value))
            result = cli("inspect", path)
            assert result.exit_code in (3, 4)
            assert unprintable(result.stderr) == set()
