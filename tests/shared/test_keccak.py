"""Both libraries behind Keccak-256 give the same bytes."""

import importlib.util
import sys

import pytest

from coldlever.shared.action import keccak


@pytest.mark.parametrize("platform", ["linux", "darwin"])
@pytest.mark.parametrize("size", [0, 1, 135, 136, 137, 1000])
def test_every_platform_hashes_alike(platform, size, monkeypatch):
    pytest.importorskip("sha3" if platform == "linux" else "Crypto.Hash.keccak")
    monkeypatch.setattr(sys, "platform", platform)
    spec = importlib.util.spec_from_file_location("keccak_elsewhere", keccak.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data = bytes(range(250)) * 4
    assert module.keccak256(data[:size]) == keccak.keccak256(data[:size])
