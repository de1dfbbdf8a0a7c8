"""Messages that are drawn as codes and scanned again, between this side and that."""

import json

import pytest

from coldlever.shared.action.network import Network
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.handover import message_parts
from coldlever.shared.cli.loading import load_input, scan_message
from coldlever.shared.message.any import (
    ANY,
    REQUESTS,
    SIGNABLE,
    SIGNED,
    load_message,
    message_wire,
)
from coldlever.shared.message.request import Defaults, RequestFile
from coldlever.shared.message.signed import SignedFile
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.qr.draw.density import Density

FILES = Scanning(wanted=True, camera=None)
NO_SCAN = Scanning(wanted=False, camera=None)
NOTHING = Defaults()


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
def test_a_picture_of_a_message_is_scanned_as_the_message_it_was(
    as_json, is_batch, payload, tmp_path
):
    pytest.importorskip("zxingcpp")
    message = SignedFile((payload,), is_batch)
    picture = tmp_path / "code.png"
    draw_message(message, drawing(picture, as_json=as_json))
    assert scan_message(SIGNED, [str(picture)], FILES, NOTHING) == message


@pytest.mark.parametrize("as_json", [False, True])
def test_a_scan_and_a_file_are_refused_by_the_same_rule(as_json, message, tmp_path, refusal):
    pytest.importorskip("zxingcpp")
    picture, file = tmp_path / "code.png", tmp_path / "f.json"
    draw_message(message, drawing(picture, as_json=as_json))
    file.write_text(json.dumps(message_wire(message)))
    testnet = Defaults(Network.TESTNET)
    read = refusal(load_input, [str(file)], NO_SCAN, SIGNED, testnet)
    scanned = refusal(load_input, [str(picture)], FILES, SIGNED, testnet)
    assert (scanned.code, scanned.exit_status) == (read.code, 4) == ("network-mismatch", 4)
    assert scanned.message == read.message.replace(str(file), "QR code")


def test_a_bare_action_in_a_code_takes_the_same_defaults_as_in_a_file(
    tmp_path, request_wire, refusal
):
    pytest.importorskip("zxingcpp")
    from coldlever.shared.qr.draw import json_frame
    from coldlever.shared.qr.draw.picture import picture

    document = json.dumps(request_wire["action"]).encode()
    code, file = tmp_path / "code.png", tmp_path / "f.json"
    code.write_bytes(picture((json_frame(document),), ".png", frame_ms=200))
    file.write_bytes(document)
    defaults = Defaults(Network.TESTNET, now=1_700_000_000_000, validity=60_000)
    read = load_input([str(file)], NO_SCAN, REQUESTS, defaults).messages[0].message
    assert scan_message(REQUESTS, [str(code)], FILES, defaults) == read
    assert refusal(scan_message, REQUESTS, [str(code)], FILES, NOTHING).message.startswith(
        "QR code: $: nothing says"
    )


def test_several_pictures_of_one_message_are_no_batch(message, tmp_path):
    pytest.importorskip("zxingcpp")
    picture = tmp_path / "code.png"
    draw_message(message, drawing(picture))
    given = load_input([str(picture), str(picture)], FILES, SIGNED, NOTHING)
    assert [one.message for one in given.messages] == [message]
    assert not given.is_batch


def test_several_files_are_a_batch_and_no_nonce_of_theirs_repeats(tmp_path, request_wire):
    file = tmp_path / "f.json"
    file.write_text(json.dumps(request_wire["action"]))
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps([request_wire["action"], request_wire["action"]]))
    names = [str(file), str(batch), str(file)]
    given = load_input(names, NO_SCAN, REQUESTS, Defaults(Network.MAINNET, now=1_000))
    assert given.is_batch
    requests = [request for one in given.messages for request, _ in one.message.placed(one.where)]
    assert [request.signable.nonce for request in requests] == [1_000, 1_001, 1_002, 1_003]


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
    error = refusal(scan_message, REQUESTS, [str(picture)], FILES, NOTHING)
    assert error.exit_status == 3
    assert "cl-signed" in error.message


def test_every_step_takes_the_kinds_it_can_use():
    from coldlever.shared.compact.codec import ur_types_of

    assert set(ur_types_of(REQUESTS.types)) == {"cl-request", "cl-requests"}
    assert set(ur_types_of(SIGNED.types)) == {"cl-signed", "cl-signed-batch"}
    assert set(SIGNABLE.types) == set(REQUESTS.types) | set(SIGNED.types)
    assert set(ur_types_of(ANY.types)) - set(ur_types_of(SIGNABLE.types)) == {
        "cl-market",
        "cl-approvals",
        "cl-policy",
    }


def test_a_message_of_an_unexpected_type_is_a_defect_and_never_passed_on(message):
    with pytest.raises(TypeError, match="SignedFile is not expected"):
        REQUESTS.require(message)
