"""Who else on this machine may read a secret or change the signer's state.

Only ordinary files and folders are looked at: what comes through a pipe or an open descriptor has
been handed over by whoever may read it. Memory sticks keep no permissions, so nothing can be set
right there; that is said, with what to do instead.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import printable

_OTHERS_READ_OR_WRITE = 0o066
_OTHERS_WRITE = 0o022
# Their files show the modes that the mount chose, and chmod changes nothing.
_MODELESS = frozenset({"exfat", "fuse.exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "vfat"})
# One line a mount, see proc_pid_mountinfo(5): "36 35 8:1 / /media/stick rw - vfat /dev/sda1 rw".
_MOUNTS = Path("/proc/self/mountinfo")
_DEVICE_FIELD = 2


def filesystem_of(device: int, mounts: Path = _MOUNTS) -> str | None:
    """The kind of file system of a device, such as ``vfat``.

    Args:
        device: st_dev of a file.
        mounts: Linux's list of mounts.

    Returns:
        None where the system has no such list, or the device is not in it.
    """
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    for line in lines:
        mount, _, kind = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) > _DEVICE_FIELD and fields[_DEVICE_FIELD] == wanted:
            return kind.partition(" ")[0]
    return None


@dataclass(frozen=True, slots=True)
class Permissions:
    """How strictly this run looks.

    Args:
        accepted: what is too open is told and not refused.
        caution: tells the person something.
        filesystem: the kind of file system that a device number stands for; None if unknown.
    """

    accepted: bool
    caution: Callable[[str], None]
    filesystem: Callable[[int], str | None] = filesystem_of

    def require_private(self, path: Path, what: str) -> None:
        """Refuse a file that others may read or change.

        Args:
            path: it need not exist, and may be no ordinary file.
            what: names it, such as ``passphrase file``.

        Raises:
            RuleRefused: ``too-open``.
        """
        found = _status(path)
        if found is not None and stat.S_ISREG(found.st_mode):
            self._judge(found, path, _OTHERS_READ_OR_WRITE, f"{what} can be read or changed")

    def require_own_folder(self, path: Path) -> None:
        """Refuse a folder in which others may put and remove files.

        Args:
            path: it need not exist.

        Raises:
            RuleRefused: ``too-open``.
        """
        found = _status(path)
        if found is not None and stat.S_ISDIR(found.st_mode):
            self._judge(found, path, _OTHERS_WRITE, "folder can be changed")

    def require_no_link(self, path: Path) -> None:
        """Refuse a symbolic link: whoever may change where it leads replaces what lies there.

        Raises:
            RuleRefused: ``too-open``.
        """
        if path.is_symlink():
            goal = path.resolve().parent
            self._refuse(
                f"{printable(str(path))} is a symbolic link",
                "put the file itself there, or name its folder: "
                f"--state-dir {printable(_quoted(goal))}",
            )

    def _judge(self, found: os.stat_result, path: Path, bits: int, how: str) -> None:
        if not found.st_mode & bits:
            return
        name = printable(str(path))
        kind = self.filesystem(found.st_dev)
        if kind in _MODELESS:
            self.caution(
                f"{name} lies on a file system without permissions ({kind}), where every user of "
                "this machine reaches it: copy it to the machine's own disk and keep the stick "
                "locked away"
            )
            return
        others = "r" * bool(bits & 0o044) + "w"
        self._refuse(
            f"{name}: this {how} by other users of this machine (mode {found.st_mode & 0o777:o})",
            f"chmod go-{others} {printable(_quoted(path))}",
        )

    def _refuse(self, message: str, remedy: str) -> None:
        if not self.accepted:
            raise RuleRefused("too-open", message, remedy)
        self.caution(message)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):  # whoever reads it says why it cannot be read
        return None


def _quoted(path: Path) -> str:
    """For a shell; a name that begins with a dash is no option."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
