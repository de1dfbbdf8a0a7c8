"""A real PostgreSQL to test with: an ordinary user's, on a Unix socket, durable as a desk's would be."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

_DEBIAN = Path("/usr/lib/postgresql")
_NUMBERS = count(1)


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, or None."""
    newest = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if newest:
        return newest[-1].parent
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


class Postgres:
    """One server with its own data; each test gets a database of its own.

    Args:
        settings: of the server, beyond the defaults.
    """

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="coldlever-pg-"))
        self._programs = programs()
        self._settings = settings
        self._user = None
        if os.geteuid() == 0:
            # initdb refuses root.
            self._user = next(u for u in ("postgres", "nobody") if _exists(u))
            shutil.chown(self.folder, self._user)
        try:
            self.run("initdb", "-D", str(self._data), "-A", "trust", "-U", "desk", "--no-sync")
            self.start()
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def run(self, program: str, *arguments: str) -> str:
        command = [str(self._programs / program), *arguments]
        if self._user is not None:
            whose = pwd.getpwnam(self._user)
            command = [
                "setpriv", f"--reuid={whose.pw_uid}", f"--regid={whose.pw_gid}",
                "--clear-groups", *command,
            ]  # fmt: skip
        # To a file: a server that is started keeps its streams open.
        log = self.folder.with_suffix(".log")
        try:
            with log.open("w+b") as stream:
                done = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                    cwd="/",
                    env={**os.environ, "LC_ALL": "C.UTF-8"},
                    timeout=60,
                    check=False,
                )
            said = log.read_text("utf-8", "replace")
        finally:
            log.unlink()
        assert done.returncode == 0, said
        return said

    def start(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "60",
            "shared_buffers": "16MB",
            **self._settings,
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self.run(
            "pg_ctl", "-D", str(self._data), "-w", "-o", options,
            "-l", str(self.folder / "log"), "start",
        )  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")

    def sql(self, *statements: str, database: str = "postgres") -> list[list[str]]:
        """Run statements; the last one's records as texts."""
        import psycopg  # noqa: PLC0415 - the server can be started without it

        records: list = []
        with psycopg.connect(
            host=str(self.folder), user="desk", dbname=database, autocommit=True
        ) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
                records = cursor.fetchall() if cursor.description else []
        return [[str(one) for one in record] for record in records]

    def new_database(self) -> str:
        """The name of a fresh database."""
        name = f"ledger_{os.getpid()}_{next(_NUMBERS)}"
        self.sql(f"CREATE DATABASE {name}")
        return name

    def url(self, database: str, user: str = "desk") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def close(self) -> None:
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
