"""docs/qr-formats.md and docs/schemas/coldlever.cddl say what the code does."""

import json
import re
from pathlib import Path

import pycddl
import pytest

from coldlever.shared.compact import TYPES, encode
from coldlever.shared.compact.tables import ACTION_TYPE, MARGIN_MODE, NETWORK, RECORDS
from coldlever.shared.message.any import load_message
from coldlever.shared.qr.draw.matrix import version_of
from coldlever.shared.ur import encode_ur

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "qr-formats.md").read_text()
CDDL = (DOCS / "schemas" / "coldlever.cddl").read_text()
FORMATS = (DOCS / "formats.md").read_text()
ACTIONS = ("update-leverage", "update-isolated-margin", "top-up-isolated-only-margin", "noop")


def in_code(record):
    return {field.number: (field.name, field.required) for field in record.fields}


def in_text(name):
    section = TEXT.split(f"\n## {name.capitalize()}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| .+? \| (yes )?\|$", section, re.MULTILINE)
    assert len(rows) == section.count("\n| ") - 1  # all but the heading
    return {int(number): (key, bool(required)) for number, key, required in rows}


def in_cddl(rule):
    body = re.search(rf"^{rule} = \{{\n(.*?)^\}}", CDDL, re.MULTILINE | re.DOTALL).group(1)
    rows = re.findall(r"^  (\? )?(\d+): .+?, +; (\w+)", body, re.MULTILINE)
    assert len(rows) == body.count("\n")
    return {int(number): (key, not optional) for optional, number, key in rows}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_the_numbers_agree(record):
    assert in_text(record.name) == in_code(record)
    assert len(in_code(record)) == len(record.fields)
    assert max(in_code(record)) < 24
    if record.name != "action":
        assert in_cddl(record.name.replace(" ", "-")) == in_code(record)


def test_the_numbers_of_the_actions_agree():
    rules = [in_cddl(rule) for rule in ACTIONS]
    merged = {number: name for rule in rules for number, (name, _) in rule.items()}
    record = next(record for record in RECORDS if record.name == "action")
    assert merged == {field.number: field.name for field in record.fields}
    common = set.intersection(*(set(rule) for rule in rules))
    assert common == {field.number for field in record.fields if field.required}


def test_the_words_of_the_choices_agree():
    assert "network = &(mainnet: 0, testnet: 1)" in CDDL
    assert "margin-mode = &(normal: 0, noCross: 1, strictIsolated: 2)" in CDDL
    for choice in (NETWORK, MARGIN_MODE, ACTION_TYPE):
        listed = ", ".join(f"{number} {word}" for number, word in enumerate(choice.words))
        assert f"| {listed} |" in TEXT
    for number, rule in enumerate(ACTIONS):
        assert f"{rule} = {{\n  0: {number}, " in CDDL
        assert rule.replace("-", "") == ACTION_TYPE.words[number].lower()


def test_the_types_agree():
    assert re.findall(r"^\| `(cl-[a-z-]+)` ", TEXT, re.MULTILINE) == list(TYPES)
    assert re.findall(r"^(cl-[a-z-]+) = ", CDDL, re.MULTILINE) == list(TYPES)
    assert f"ur-content = {' / '.join(TYPES)}\n" in CDDL


def test_every_rule_of_the_cddl_is_defined_once_and_used():
    rules = re.findall(r"^([a-z][a-z0-9-]*) = ", CDDL, re.MULTILINE)
    assert len(rules) == len(set(rules))
    code = re.sub(r";.*", "", CDDL)
    used = set(re.findall(r"[a-z][a-z0-9-]*[a-z0-9]", re.sub(r'"[^"]*"|&\(.*?\)|^\S+ =', "", code, flags=re.MULTILINE)))  # fmt: skip
    assert used - set(rules) == {"tstr", "bstr", "bool", "int", "size", "regexp"}
    assert set(rules) - used == {"ur-content"}


def test_the_example_is_the_payload_of_the_other_page():
    document = re.findall(r"```json\n(.*?)```", FORMATS, re.DOTALL)[1]
    kind, data = encode(load_message(document.encode(), "formats.md"))
    dump, text = re.findall(r"```\n(.*?)```", TEXT, re.DOTALL)
    digits = "".join(re.match(r"(?: *[0-9a-f]{2,}(?= |$))+", line).group() for line in dump.splitlines())  # fmt: skip
    assert digits.replace(" ", "") == data.hex()
    assert text.strip() == encode_ur(kind, data)


def test_the_sizes_are_right():
    rows = re.findall(r"^\| .+? \| \d+ \| (\d+) \| (\d+) \| (\d+) \|$", TEXT, re.MULTILINE)
    assert len(rows) == 9
    for size, letters, version in rows:
        kind_letters = int(letters) - 2 * (int(size) + 4)
        assert kind_letters in {len(f"ur:{kind}/") for kind in TYPES}
        assert version_of("A" * int(letters)) == int(version)


def test_every_vector_follows_the_cddl_and_an_unknown_key_does_not():
    schema = pycddl.Schema(CDDL)
    path = DOCS.parent / "tests" / "vectors" / "transport.json"
    vectors = json.loads(path.read_text())["vectors"]
    for vector in vectors:
        schema.validate_cbor(bytes.fromhex(vector["cbor"]))
    with pytest.raises(pycddl.ValidationError):
        schema.validate_cbor(b"\xa1\x18\x63\x00")
