"""OpenSSH's own programs, and a stand-in for a security key, for the tests of approvals."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("security_key.c")


def require_ssh_keygen():
    """Skip, or in CI fail, where OpenSSH is missing."""
    if shutil.which("ssh-keygen") is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs ssh-keygen (openssh-client)")
        pytest.skip("ssh-keygen is not installed (openssh-client)")


def build_security_key(folder):
    """The stand-in's library; its tests are skipped where gcc or libssl's headers are missing."""
    library = Path(folder) / "security_key.so"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-w", "-o", str(library), str(_SOURCE), "-lcrypto"]
    if shutil.which("gcc") is None:
        pytest.skip("no gcc to build the stand-in security key with")
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip("the stand-in security key was not built: libssl-dev is missing?")
    return library


def make_key(folder, name, kind="ed25519", library=None, extra=()):
    """A key file of ssh-keygen's, without a passphrase."""
    path = Path(folder) / name
    provider = [] if library is None else ["-w", str(library)]
    command = ["ssh-keygen", "-q", "-t", kind, *provider, *extra, "-N", "", "-C", name, "-f", path]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return path


def public_line(path):
    """The public half of a key file."""
    return Path(f"{path}.pub").read_text().strip()


def keygen_sign(path, namespace, document, *, library=None, flags="01", extra=()):
    """Sign a file with `ssh-keygen -Y sign`; returns the text of its signature."""
    environment = {**os.environ, "COLDLEVER_SK_FLAGS": flags}
    if library is not None:
        environment["SSH_SK_PROVIDER"] = str(library)
    signature = Path(f"{document}.sig")
    signature.unlink(missing_ok=True)
    command = ["ssh-keygen", "-Y", "sign", "-n", namespace, *extra, "-f", str(path), str(document)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return signature.read_text()


def keygen_accepts(line, namespace, message, armored, folder):
    """Whether `ssh-keygen -Y verify` takes a signature."""
    allowed, signature = Path(folder) / "allowed", Path(folder) / "signature"
    allowed.write_text(f"somebody {line}\n")
    signature.write_text(armored)
    command = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "somebody", "-n", namespace]
    done = subprocess.run(
        [*command, "-s", signature], input=message, capture_output=True, check=False
    )
    return done.returncode == 0
