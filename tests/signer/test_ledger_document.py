import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.action.what import What
from coldlever.shared.errors import ColdleverError, InputRefused
from coldlever.signer.ledger.chain import IMPORT, Adoption, Head
from coldlever.signer.ledger.document import Export, dump_ledger, entry_wire, load_ledger
from coldlever.signer.ledger.entry import Entry

SAFE = 2**53 - 1
ENTRIES = st.builds(
    Entry,
    st.sampled_from(Network),
    st.binary(min_size=20, max_size=20).map(Address),
    st.integers(0, SAFE),
    st.binary(min_size=32, max_size=32),
    st.none() | st.integers(0, SAFE),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.sampled_from(What),
)
ONE = Entry(Network.TESTNET, Address(b"\x01" * 20), 7, b"\x02" * 32, None, "words")


@given(st.lists(ENTRIES, max_size=5))
def test_what_is_written_reads_back(entries):
    data = dump_ledger(entries)
    assert load_ledger(data, "f").entries == tuple(entries)
    assert json.loads(data)["kind"] == "coldlever/signer-ledger"


def test_a_ledger_larger_than_the_loaders_bound_reads_back():
    many = [
        Entry(ONE.network, ONE.signer, nonce, ONE.action_hash, nonce, "x") for nonce in range(6000)
    ]
    data = dump_ledger(many)
    assert len(data) > 1 << 20
    assert load_ledger(data, "f").entries == tuple(many)


def test_a_damaged_line_of_a_large_ledger_is_named():
    many = [
        Entry(ONE.network, ONE.signer, nonce, ONE.action_hash, nonce, "x") for nonce in range(6000)
    ]
    data = dump_ledger(many).replace(b'"nonce": 4321', b'"nonce": "4321"')
    with pytest.raises(InputRefused, match=r"entries\[4321\]\.nonce"):
        load_ledger(data, "f")
    with pytest.raises(InputRefused) as caught:
        load_ledger(dump_ledger(many)[:-2], "f")
    assert caught.value.code == "json-malformed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": "coldlever/signed"}, "unknown-value"),
        ({"version": 3}, "out-of-range"),
        ({"entries": {}}, "wrong-type"),
        ({"extra": 1}, "unknown-key"),
    ],
)
def test_another_document_is_refused(change, code):
    document = json.loads(dump_ledger([ONE])) | change
    with pytest.raises(InputRefused) as caught:
        load_ledger(json.dumps(document).encode(), "f")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"network": "devnet"}, "unknown-value"),
        ({"signer": "0x12"}, "bad-address"),
        ({"nonce": -1}, "out-of-range"),
        ({"nonce": SAFE + 1}, "out-of-range"),
        ({"actionHash": "0x00"}, "bad-hex"),
        ({"recordedAt": "now"}, "wrong-type"),
        ({"description": "x" * 401}, "too-long"),
        ({"more": 1}, "unknown-key"),
    ],
)
def test_a_bad_entry_is_refused(change, code):
    document = json.loads(dump_ledger([ONE]))
    document["entries"][0] |= change
    with pytest.raises(InputRefused) as caught:
        load_ledger(json.dumps(document).encode(), "f")
    assert caught.value.code == code


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_an_error_of_ours(data):
    with pytest.raises(ColdleverError):
        load_ledger(data, "f")


def test_an_export_whose_rows_were_changed_is_refused():
    document = json.loads(dump_ledger([ONE, Entry(ONE.network, ONE.signer, 8, bytes(32), 1, "")]))
    for change in (
        lambda rows: rows.pop(),
        lambda rows: rows.pop(0),
        lambda rows: rows.reverse(),
        lambda rows: rows[0].update(nonce=9),
        lambda rows: rows[1].update(description="other"),
    ):
        changed = json.loads(json.dumps(document))
        change(changed["entries"])
        with pytest.raises(InputRefused) as caught:
            load_ledger(json.dumps(changed).encode(), "f")
        assert caught.value.code == "export-damaged"


def test_an_export_of_release_0_1_is_read_in_both_layouts():
    line = json.dumps(entry_wire(ONE))
    head = '{"kind": "coldlever/signer-ledger", "version": 1, "entries": [\n'
    assert load_ledger(f"{head}{line}\n]}}\n".encode(), "f") == Export((ONE,), ())
    many = ",\n".join(json.dumps(entry_wire(replace(ONE, nonce=n))) for n in range(6000))
    read = load_ledger(f"{head}{many}\n]}}\n".encode(), "f")
    assert (len(read.entries), read.heads) == (6000, ())


def test_heads_that_a_ledger_took_over_are_in_its_export():
    taken = tuple(Head(number, bytes([number]) * 32) for number in (1, 2))
    read = load_ledger(dump_ledger([Adoption(IMPORT, taken), ONE]), "f")
    assert set(taken) <= set(read.heads)
    assert len(read.heads) == 4


def test_a_long_document_whose_rows_stand_in_another_array_is_refused():
    many = [Entry(ONE.network, ONE.signer, n, ONE.action_hash, n, "x") for n in range(6000)]
    data = dump_ledger(many)
    rows = data[data.index(b"[\n") : data.rindex(b"\n]") + 2]
    moved = data.replace(rows, b"[]").replace(b'"audit": []', b'"audit": ' + rows)
    assert len(moved) == len(data)
    with pytest.raises(InputRefused) as caught:
        load_ledger(moved, "f")
    assert caught.value.code == "json-too-large"
