"""Reading files with a bound, and writing them so that nothing half-written is ever left behind."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Self

from coldlever.shared.errors import EnvironmentFault, InputRefused, UsageRefused
from coldlever.shared.printable import printable

_MODE = 0o600
# Beside the file itself: folder entries, a ledger on the same disk, a picture a little larger than
# its estimate.
_SPARE_BYTES = 64 * 1024
_TEMPORARY = re.compile(r"\.coldlever-[0-9a-f]{16}\.tmp")
# Some file systems (network shares, FUSE) know no fsync of a folder and answer so.
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
# File systems of memory cards (FAT, exFAT) have no hard links.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def read_bounded(path: Path, limit: int) -> bytes:
    """Read a file of at most ``limit`` bytes.

    Raises:
        InputRefused: ``file-unreadable`` or ``file-too-large``.
    """
    name = printable(str(path))
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise InputRefused(
            "file-unreadable", f"{name}: {printable(error.strerror or str(error))}"
        ) from None
    if len(data) > limit:
        raise InputRefused("file-too-large", f"{name}: larger than {limit} bytes")
    return data


def require_writable(path: Path, *, force: bool) -> None:
    """Find out before the work is done whether `write_exclusive` has a chance.

    Raises:
        UsageRefused: ``output-exists``.
        EnvironmentFault: ``output-folder``.
    """
    if not force and os.path.lexists(path):
        raise _exists(path)
    folder = path.parent
    # `os.access` before `is_dir`, which raises in a folder that may not be entered.
    if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
        raise EnvironmentFault(
            "output-folder",
            f"{printable(str(folder))} is no folder that can be written to",
            "create it, or choose another place with --out",
        )
    if path.is_dir():
        raise UsageRefused("output-is-folder", f"{printable(str(path))} is a folder")


def require_space(place: Path | int, name: str, size: int) -> None:
    """Find out whether a disk has room for a new file.

    Args:
        place: a folder or an open file on that disk.
        name: what the new file is called in the refusal.
        size: how large it will be, in bytes. Room for twice as much and 64 KiB is asked for.

    Raises:
        EnvironmentFault: ``disk-full``, with the numbers.
    """
    disk = os.statvfs(place)
    free, wanted = disk.f_bavail * disk.f_frsize, 2 * size + _SPARE_BYTES
    # Some file systems (FUSE) do not tell and say that they have no blocks at all.
    if disk.f_blocks and free < wanted:
        raise EnvironmentFault(
            "disk-full",
            f"{printable(name)}: {size} bytes would be written, which takes {wanted} free "
            f"bytes with a margin, and {free} are free",
            "free some space or choose another place",
        )


def rehearse_write(path: Path, size: int) -> None:
    """Do what `write_exclusive` will do, up to the name, with as many bytes, and leave nothing.

    Quotas, limits and read-only media tell of themselves only when something is written.

    Args:
        path: the file that will be made; it is not touched.
        size: how large it will be, in bytes.

    Raises:
        EnvironmentFault: ``disk-full`` or ``write-failed``.
    """
    temporary = _temporary(path.parent)
    try:
        require_space(path.parent, str(path), size)
        with _create(temporary) as stream:
            _write_synced(stream, (bytes(size),))
    except OSError as error:
        raise _failed(path, error) from None
    finally:
        _discard(temporary)


def write_exclusive(path: Path, data: bytes, *, force: bool = False) -> None:
    """As `write_pieces`, of one piece."""
    write_pieces(path, (data,), force=force)


def write_pieces(path: Path, pieces: Iterable[bytes], *, force: bool = False) -> None:
    """Write a new file, mode 0600, durably and all or nothing.

    The content is written and fsynced under a temporary name in the same folder and only then
    appears under its own; the folder is fsynced too.

    Args:
        path: the file to make.
        pieces: its content, one after the other; what they raise leaves no file behind.
        force: replace an existing file.

    Raises:
        UsageRefused: ``output-exists``.
        EnvironmentFault: ``write-failed``; no new file of that name is left behind. With ``force``
            either the old file or the complete new one stands there.
    """
    # Not made from the file's own name: that may be as long as the file system allows already.
    temporary = _temporary(path.parent)
    try:
        with _create(temporary) as stream:
            _write_synced(stream, pieces)
            # Still open, and so still locked: see `leftovers`.
            if force:
                temporary.replace(path)
            else:
                _take_name(temporary, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise _failed(path, error) from None
    finally:
        # Whatever stopped it, an interrupt included.
        _discard(temporary)
    try:
        _sync_folder(path.parent)
    except OSError as error:
        if not force:
            path.unlink(missing_ok=True)
        raise _failed(path, error) from None


class Reserved:
    """A file that will get its content later: its room and its name are taken beforehand.

    What can fail about a file (a read-only folder, a full disk) fails when it is reserved. It
    replaces an older file of its name in one step, mode 0600, durably; use it as a context manager.
    """

    __slots__ = ("_path", "_stream", "_temporary")

    def __init__(self, path: Path, temporary: Path, stream: BinaryIO) -> None:
        self._path = path
        self._temporary = temporary
        self._stream = stream

    @classmethod
    @contextlib.contextmanager
    def of(cls, path: Path, size: int = 1024) -> Iterator[Self]:
        """Reserve ``size`` bytes beside ``path``.

        Raises:
            EnvironmentFault: ``write-failed``.
        """
        temporary = _temporary(path.parent)
        with contextlib.ExitStack() as stack:
            try:
                # Without a buffer, so that closing it has nothing left to fail with.
                stream = stack.enter_context(_create(temporary, buffering=0))
                stack.callback(_discard, temporary)
                stream.write(bytes(size))
            except OSError as error:
                raise _failed(path, error) from None
            yield cls(path, temporary, stream)

    def fill(self, data: bytes) -> None:
        """Give the file its content and its name.

        Raises:
            EnvironmentFault: ``write-failed``.
        """
        try:
            self._stream.seek(0)
            self._stream.write(data)
            self._stream.truncate()
            os.fsync(self._stream.fileno())
            self._temporary.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise _failed(self._path, error) from None


def leftovers(folder: Path) -> Iterator[Path]:
    """Temporary files in ``folder`` that a killed run left behind.

    Only files of our pattern and of this user that nobody is writing: whoever writes one holds its
    lock. While one is yielded, this process holds the lock.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        if _TEMPORARY.fullmatch(path.name) is not None:
            with contextlib.suppress(OSError), _own_file(path) as descriptor:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield path


@contextlib.contextmanager
def _own_file(path: Path) -> Iterator[int]:
    """Open a regular file of this user; anything else raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "not ours")
        yield descriptor
    finally:
        os.close(descriptor)


def _temporary(folder: Path) -> Path:
    return folder / f".coldlever-{secrets.token_hex(8)}.tmp"


def _create(path: Path, buffering: int = -1) -> BinaryIO:
    """Make a new file and hold its lock, so that nobody takes it for a leftover."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        descriptor = os.open(path, flags, _MODE)
        with contextlib.suppress(OSError):  # a file system without locks: nothing is removed there
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink > 0:
            return os.fdopen(descriptor, "wb", buffering)
        # It was removed in the moment before the lock.
        os.close(descriptor)


def _write_synced(stream: BinaryIO, pieces: Iterable[bytes]) -> None:
    stream.writelines(pieces)
    stream.flush()
    os.fsync(stream.fileno())


def _discard(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    """Give the finished file its name, failing when the name is taken."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Reserve the name with an empty file, then put the finished one in its place.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _MODE))
        try:
            temporary.replace(path)
        except BaseException:  # an interrupt must not leave the empty file behind either
            path.unlink(missing_ok=True)
            raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def _failed(path: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        "write-failed",
        f"{printable(str(path))}: {printable(error.strerror or str(error))}",
        "free some space or choose another place with --out",
    )


def _exists(path: Path) -> UsageRefused:
    return UsageRefused(
        "output-exists",
        f"{printable(str(path))} exists already",
        "choose another name with --out, or replace it with --force",
    )
