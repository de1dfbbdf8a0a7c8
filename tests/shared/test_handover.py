"""Messages that are drawn as codes and scanned again, between this side and that."""

import json

import pytest

from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.handover import (
    SCANNED,
    Expected,
    message_parts,
    scan_document,
)
from coldlever.shared.message.any import load_message, message_wire
from coldlever.shared.message.request import RequestFile
from coldlever.shared.message.signed import SignedFile
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.qr.draw.density import Density

FILES = Scanning(wanted=True, camera=None)


def drawing(out=None, *, as_json=False):
    return Drawing(
        on_terminal=False,
        wide=False,
        out=None if out is None else str(out),
        density=Density.HIGH,
        as_json=as_json,
        frame_ms=200,
        force=False,
    )


def draw_message(message, drawing):
    Outlet(None, False, False, drawing).prove(message, b"").deliver(message, b"")


@pytest.fixture
def message(payload):
    return SignedFile((payload,), is_batch=False)


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("is_batch", [False, True])
def test_a_picture_of_a_message_is_scanned_as_the_document_it_was(
    as_json, is_batch, payload, tmp_path
):
    pytest.importorskip("zxingcpp")
    message = SignedFile((payload,), is_batch)
    picture = tmp_path / "code.png"
    draw_message(message, drawing(picture, as_json=as_json))
    document = scan_document(Expected.SIGNED, [str(picture)], FILES)
    assert json.loads(document) == message_wire(message)
    assert load_message(document, SCANNED) == message


def test_nothing_is_drawn_that_nobody_asked_for(message, capfd):
    draw_message(message, drawing())
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_the_texts_of_the_codes_are_given_to_tools(message, request_wire):
    parts = message_parts(message, drawing())
    assert parts["type"] == "cl-signed"
    assert 0 < parts["bytes"] < len(json.dumps(message_wire(message))) / 2
    (text,) = parts["parts"]
    assert text.startswith("UR:CL-SIGNED/")
    request = load_message(json.dumps(request_wire).encode(), "f")
    assert isinstance(request, RequestFile)
    assert message_parts(request, drawing())["type"] == "cl-request"


def test_a_code_of_another_kind_is_refused(message, tmp_path, refusal):
    pytest.importorskip("zxingcpp")
    picture = tmp_path / "code.png"
    draw_message(message, drawing(picture))
    error = refusal(scan_document, Expected.REQUESTS, [str(picture)], FILES)
    assert error.exit_status == 3
    assert "cl-signed" in error.message


def test_every_step_takes_the_kinds_it_can_use():
    assert set(Expected.REQUESTS.value) | set(Expected.SIGNED.value) == set(Expected.SIGNABLE.value)
    assert set(Expected.ANY.value) - set(Expected.SIGNABLE.value) == {"cl-market"}
