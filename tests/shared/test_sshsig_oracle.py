"""Signatures both ways between us and other people's programs: ssh-keygen, and PyPI's sshsig."""

import pytest
import sshsig as other

from coldlever.shared.errors import RuleRefused
from coldlever.shared.sshsig import (
    dearmor,
    enarmor,
    open_key,
    parse_public_key,
    parse_sshsig,
    seal_key,
    verify_signature,
)
from tests.shared.ssh_tools import (
    build_security_key,
    keygen_accepts,
    keygen_sign,
    make_key,
    public_line,
    require_ssh_keygen,
)

SPACE = "approve@coldlever"
MESSAGE = b"coldlever approval: 1\nnetwork: mainnet\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    require_ssh_keygen()
    return build_security_key(tmp_path_factory.mktemp("library"))


def verified(line, text, message=MESSAGE, *, needs_pin=False):
    read = parse_sshsig(dearmor(text))
    assert read.key == parse_public_key(line)
    assert enarmor(read.to_blob()) == text, "rebuilt byte for byte"
    verify_signature(read.key, read.namespace, message, read.raw, needs_pin=needs_pin)
    return read


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "statement"
    path.write_bytes(MESSAGE)
    return path


def test_what_ssh_keygen_signs_is_verified_here(tmp_path, document):
    require_ssh_keygen()
    key = make_key(tmp_path, "k")
    assert verified(public_line(key), keygen_sign(key, SPACE, document)).namespace == SPACE


@pytest.mark.parametrize("kind", ["ed25519-sk", "ecdsa-sk"])
@pytest.mark.parametrize("flags", ["01", "05"])
def test_what_a_security_key_signs_is_verified_here(tmp_path, document, library, kind, flags):
    key = make_key(tmp_path, "k", kind, library)
    text = keygen_sign(key, SPACE, document, library=library, flags=flags)
    verified(public_line(key), text, needs_pin=flags == "05")
    assert keygen_accepts(public_line(key), SPACE, MESSAGE, text, tmp_path)


@pytest.mark.parametrize("kind", ["ed25519-sk", "ecdsa-sk"])
def test_a_signature_without_touch_is_taken_by_ssh_keygen_and_refused_here(
    tmp_path, document, library, kind
):
    key = make_key(tmp_path, "k", kind, library)
    text = keygen_sign(key, SPACE, document, library=library, flags="00")
    assert keygen_accepts(public_line(key), SPACE, MESSAGE, text, tmp_path)
    with pytest.raises(RuleRefused, match="not touched"):
        verified(public_line(key), text)


def test_sha256_is_taken_by_ssh_keygen_and_refused_here(tmp_path, document):
    require_ssh_keygen()
    key = make_key(tmp_path, "k")
    text = keygen_sign(key, SPACE, document, extra=("-O", "hashalg=sha256"))
    assert keygen_accepts(public_line(key), SPACE, MESSAGE, text, tmp_path)
    with pytest.raises(RuleRefused, match="sha512"):
        parse_sshsig(dearmor(text))


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_other_keys_are_taken_by_ssh_keygen_and_refused_here(tmp_path, document, kind):
    require_ssh_keygen()
    key = make_key(tmp_path, "k", kind)
    text = keygen_sign(key, SPACE, document)
    assert keygen_accepts(public_line(key), SPACE, MESSAGE, text, tmp_path)
    with pytest.raises(RuleRefused):
        parse_sshsig(dearmor(text))


def test_a_key_file_of_ours_signs_in_ssh_keygen_and_the_other_way_round(tmp_path, document):
    require_ssh_keygen()
    key = open_key(seal_key(bytes(32), "phrase", 1), "phrase", "k")
    text = enarmor(key.sign(SPACE, MESSAGE).to_blob())
    assert keygen_accepts(key.public.line, SPACE, MESSAGE, text, tmp_path)
    assert not keygen_accepts(key.public.line, SPACE, MESSAGE + b"\n", text, tmp_path)
    assert not keygen_accepts(key.public.line, "propose@coldlever", MESSAGE, text, tmp_path)


def test_ssh_keygen_reads_the_fingerprint_and_key_of_our_file(tmp_path):
    require_ssh_keygen()
    import subprocess

    path = tmp_path / "ours"
    path.write_bytes(seal_key(bytes(32), "phrase", 1))
    path.chmod(0o600)
    shown = subprocess.run(
        ["ssh-keygen", "-y", "-P", "phrase", "-f", path], check=True, capture_output=True, text=True
    ).stdout
    public = parse_public_key(shown)
    (tmp_path / "ours.pub").write_text(shown)
    listed = subprocess.run(
        ["ssh-keygen", "-l", "-f", tmp_path / "ours.pub"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert public.fingerprint == listed.split()[1]


def test_a_key_file_of_ssh_keygen_opens_here(tmp_path):
    require_ssh_keygen()
    key = make_key(tmp_path, "k")
    assert open_key(key.read_bytes(), None, "k").public == parse_public_key(public_line(key))


def test_pypis_sshsig_takes_ours_and_refuses_other_messages():
    key = open_key(seal_key(bytes(32), "phrase", 1), "phrase", "k")
    text = enarmor(key.sign(SPACE, MESSAGE).to_blob())
    other.check_signature(MESSAGE, text, SPACE)
    with pytest.raises(other.InvalidSignature):
        other.check_signature(MESSAGE + b"\n", text, SPACE)
