"""The way to the kernel: ``syscall(2)`` of the C library, through ctypes."""

from __future__ import annotations

from typing import Protocol


class Kernel(Protocol):
    """Carries out system calls."""

    def call(self, number: int, *arguments: int) -> int:
        """The call's result, or minus the errno, as the kernel itself answers."""

    def address(self, data: bytes) -> int:
        """Where these bytes lie, for as long as the caller holds them."""


class LibraryKernel:
    """The running kernel. ctypes is loaded here, because that takes some milliseconds."""

    def __init__(self) -> None:
        import ctypes  # noqa: PLC0415 - see above

        self._ctypes = ctypes
        self._syscall = ctypes.CDLL(None, use_errno=True).syscall
        self._syscall.restype = ctypes.c_long

    def call(self, number: int, *arguments: int) -> int:
        """See `Kernel.call`."""
        # Without a width ctypes would pass ints of 32 bits.
        answer: int = self._syscall(*map(self._ctypes.c_long, (number, *arguments)))
        return answer if answer != -1 else -self._ctypes.get_errno()

    def address(self, data: bytes) -> int:
        """See `Kernel.address`."""
        place = self._ctypes.cast(self._ctypes.c_char_p(data), self._ctypes.c_void_p).value
        assert place is not None, "only a null pointer has no address"
        return place
