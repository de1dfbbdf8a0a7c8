"""A ledger on a server: who may name it how, what is refused of it, and what it survives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from coldlever.broadcaster.cli.ledger_option import parse_url
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger import server as module
from coldlever.broadcaster.ledger.migration import upgrade_schema
from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.server_session import Promises, require_durable
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.ledger.tables import METADATA
from coldlever.shared.errors import EnvironmentFault, UsageRefused


@pytest.fixture
def database(postgres):
    return postgres.new_database()


@pytest.fixture
def shared(desk, postgres, database):
    """A desk whose ledger is on the server."""
    desk.ledger_url = postgres.url(database)
    return desk


def opened(postgres, database) -> Ledger:
    return Ledger(LedgerServer(sa.make_url(postgres.url(database))))


def code_of_opening(postgres, database) -> str:
    with pytest.raises(EnvironmentFault) as fault:
        opened(postgres, database)
    assert fault.value.remedy
    return fault.value.code


# What names it.


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("postgresql://desk:hunter2@db/ledger", "ledger-password"),
        ("postgresql://desk@db/ledger?password=hunter2", "ledger-password"),
        ("postgresql://desk@db/ledger?sslpassword=hunter2", "ledger-password"),
        ("postgres://:hunter2@db/ledger", "ledger-password"),
        ("mysql://desk:hunter2@db/ledger", "ledger-url"),
        ("hunter2", "ledger-url"),
        ("postgresql+psycopg2://desk:hunter2@db/ledger", "ledger-url"),
        ("postgresql://db:hunter2/ledger", "ledger-url"),
        ("postgresql://db/led\x1b[31mger", "ledger-url"),
    ],
)
def test_a_url_with_a_password_or_of_anything_else_is_refused_and_not_repeated(text, code):
    with pytest.raises(UsageRefused) as refusal:
        parse_url(text)
    assert refusal.value.code == code
    assert "hunter2" not in str(refusal.value.to_wire())
    assert "\x1b" not in str(refusal.value.to_wire())


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://desk@db:5433/ledger",
        "postgres://db/ledger?sslmode=verify-full&passfile=/etc/desk/pgpass",
        "postgresql:///?service=desk",
        "postgresql://desk@/ledger?host=a:5432&host=b:5432&target_session_attrs=read-write",
    ],
)
def test_a_url_without_a_password_is_taken(text):
    assert "***" not in LedgerServer(parse_url(text)).name
    assert LedgerServer(parse_url(text)).name.startswith("postgresql://")


def test_a_password_on_the_command_line_ends_the_command_before_anything_is_opened(desk):
    for command in ("post", "check"):
        shown = desk.run(
            command, desk.signed_file(), "--ledger", "postgresql://a:hunter2@b/c", "--json"
        )
        assert (shown.status, shown.error) == (2, "ledger-password")
        assert "hunter2" not in shown.stdout + shown.stderr
    assert not (desk.state / "ledger.sqlite3").exists()
    assert desk.requests() == 0


def test_a_password_in_the_environment_is_refused(shared):
    shared.machine = replace(shared.machine, environment={"PGPASSWORD": "hunter2", "HOME": "/"})
    shown = shared.post(shared.signed_file())
    assert (shown.status, shown.error) == (2, "ledger-password")
    assert "hunter2" not in shown.stdout + shown.stderr


def test_a_password_file_needs_a_ledger_to_be_for(desk):
    shown = desk.run("history", "--ledger-password-file", "fd:3", "--json")
    assert (shown.status, shown.error) == (2, "ledger-password")


def test_the_variable_names_the_ledger_and_the_option_goes_before_it(desk, postgres, database):
    url = postgres.url(database)
    desk.machine = replace(
        desk.machine, environment={**os.environ, "COLDLEVER_LEDGER": url, "HOME": str(desk.folder)}
    )
    assert desk.post(desk.signed_file()).status == 0
    assert not (desk.state / "ledger.sqlite3").exists()
    assert len(desk.run("history", "--json").document) == 1
    empty = postgres.url(postgres.new_database())
    assert desk.run("history", "--json", "--ledger", empty).document == []


def test_a_password_comes_from_a_file_or_a_descriptor(desk, postgres, database):
    postgres.sql("DROP ROLE IF EXISTS guarded", "CREATE ROLE guarded LOGIN PASSWORD 'hunter2'")
    postgres.sql(f"ALTER DATABASE {database} OWNER TO guarded")
    rules = postgres.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text("local all guarded scram-sha-256\n" + before)
    desk.ledger_url = postgres.url(database, "guarded")
    secret, wrong = desk.folder / "secret", desk.folder / "wrong"
    secret.write_text("hunter2\n")
    wrong.write_text("hunter3\n")
    try:
        postgres.sql("SELECT pg_reload_conf()")
        time.sleep(0.3)
        read, write = os.pipe()
        os.write(write, b"hunter2\n")
        os.close(write)
        for source, status in ((secret, 0), (wrong, 8), (f"fd:{read}", 0)):
            shown = desk.run("history", "--json", "--ledger-password-file", str(source))
            assert shown.status == status, shown.stdout
            assert "hunter" not in shown.stdout + shown.stderr
        os.close(read)
        assert desk.run("history", "--json").error == "ledger-unreachable"
    finally:
        rules.write_text(before)
        postgres.sql("SELECT pg_reload_conf()")


def test_without_the_extra_the_remedy_is_named(monkeypatch):
    def missing(*_args, **_options):
        raise ModuleNotFoundError("psycopg")

    monkeypatch.setattr(module.sa, "create_engine", missing)
    with pytest.raises(EnvironmentFault) as fault:
        Ledger(LedgerServer(sa.make_url("postgresql://db/ledger")))
    assert fault.value.code == "extra-missing"
    assert "[postgres]" in fault.value.remedy


def test_commands_that_need_no_server_load_nothing_of_it(tmp_path):
    """Nor Alembic, once the ledger is up to date."""
    script = (
        "import sys, pathlib; from coldlever.broadcaster.ledger.store import Ledger\n"
        "Ledger(pathlib.Path(sys.argv[1])).close()\n"
        "print(*{'alembic', 'psycopg', 'mako'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


# What is refused of a server.


def test_commits_that_do_not_wait_for_the_disk_are_refused(shared, postgres, database):
    postgres.sql(f"ALTER DATABASE {database} SET synchronous_commit = off")
    shown = shared.post(shared.signed_file())
    assert (shown.status, shown.error) == (8, "ledger-not-durable")
    assert "synchronous_commit" in shown.document["error"]["message"]
    assert shared.requests() == 0
    postgres.sql(
        f"ALTER DATABASE {database} RESET synchronous_commit",
        "DROP ROLE IF EXISTS hasty",
        "CREATE ROLE hasty SUPERUSER LOGIN",
        "ALTER ROLE hasty SET synchronous_commit = off",
    )
    hasty = LedgerServer(sa.make_url(postgres.url(database, "hasty")))
    with pytest.raises(EnvironmentFault) as fault:
        Ledger(hasty)
    assert fault.value.code == "ledger-not-durable"
    assert shared.post(shared.signed_file()).status == 0


def test_what_waits_for_this_disk_alone_is_made_to_wait_for_the_standby(postgres, database):
    postgres.sql(f"ALTER DATABASE {database} SET synchronous_commit = local")
    ledger = opened(postgres, database)
    with ledger._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
    ledger.close()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_without_durable_commits_is_refused(postgres, database, setting):
    def set_to(value):
        postgres.sql(f"ALTER SYSTEM SET {setting} = {value}", "SELECT pg_reload_conf()")
        for _ in range(100):
            if postgres.sql(f"SHOW {setting}") == [[value]]:
                return
            time.sleep(0.05)
        pytest.fail("the server did not take the setting")

    set_to("off")
    try:
        assert code_of_opening(postgres, database) == "ledger-not-durable"
    finally:
        set_to("on")
    opened(postgres, database).close()


def test_a_standby_is_refused(postgres, database):
    postgres.sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    assert code_of_opening(postgres, database) == "ledger-read-only"


def test_a_schema_of_a_later_release_is_refused(postgres, database):
    opened(postgres, database).close()
    postgres.sql("UPDATE coldlever_schema SET version_num = '7'", database=database)
    assert code_of_opening(postgres, database) == "ledger-version"


def test_a_server_that_is_too_old_is_refused():
    good = Promises(130_000, "on", "on", "on", "off")
    require_durable(good, "here")
    require_durable(replace(good, fsync=None, full_page_writes=None), "a server of another make")
    with pytest.raises(EnvironmentFault) as fault:
        require_durable(replace(good, version=120_022), "here")
    assert fault.value.code == "ledger-server-old"


# What it does.


def test_two_hosts_share_what_was_posted(shared):
    file = shared.signed_file()
    assert shared.post(file).document["status"] == "confirmed"
    other = shared.folder / "other-host"
    other.mkdir()
    shared.state = other
    again = shared.post(file)
    assert (again.status, again.document["alreadyPosted"]) == (0, True)
    assert shared.requests() == 1
    assert [one["status"] for one in shared.run("history", "--json").document] == ["confirmed"]
    assert list(other.glob("ledger.sqlite3*")) == []


def test_many_hosts_open_a_new_ledger_at_once(postgres, database):
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: opened(postgres, database), range(8)))
    for ledger in ledgers:
        assert ledger.rows() == []
        ledger.close()
    assert postgres.sql("SELECT version_num FROM coldlever_schema", database=database) == [["2"]]


def test_a_server_that_cannot_be_reached_ends_the_command_before_anything_is_sent(desk, tmp_path):
    desk.ledger_url = f"postgresql://desk@/ledger?host={tmp_path}"
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.error) == (8, "ledger-unreachable")
    assert desk.requests() == 0


class Cutter:
    """Loses a connection at the n-th place: before a statement, or after a commit is done."""

    def __init__(self, postgres, monkeypatch):
        self.postgres = postgres
        self.left = None
        self.watched = ()
        make = LedgerServer._make_engine
        monkeypatch.setattr(LedgerServer, "_make_engine", lambda one: self._watch(make(one)))

    def _watch(self, engine):
        for what in self.watched:
            sa.event.listen(engine, what[0], what[1])
        return engine

    def before_anything(self, connection, *_):
        """As if the server or the line had died before it came there."""
        if self._is_there():
            pid = connection.connection.dbapi_connection.info.backend_pid
            self.postgres.sql(f"SELECT pg_terminate_backend({pid}, 5000)")

    def after_commit(self, connection):
        """The commit is on the disk, and nobody here hears of it."""
        if self._is_there():
            connection.connection.dbapi_connection.commit()
            connection.connection.dbapi_connection.close()

    def _is_there(self):
        if self.left is None:
            return False
        self.left -= 1
        return self.left == 0


@pytest.mark.slow
@pytest.mark.parametrize(("way", "at_least"), [("before_anything", 12), ("after_commit", 5)])
def test_a_connection_lost_anywhere_loses_nothing_and_sends_nothing_twice(
    shared, postgres, monkeypatch, way, at_least
):
    cutter = Cutter(postgres, monkeypatch)
    cut = getattr(cutter, way)
    cutter.watched = [("commit", cut)]
    if way == "before_anything":
        cutter.watched.append(("before_cursor_execute", cut))
    shared.run("history")  # the tables are there
    statuses, is_over = [], False
    while not is_over:
        file, accepted = shared.signed_file(), shared.accepted()
        cutter.left = len(statuses) + 1
        shown = shared.post(file)
        is_over, cutter.left = cutter.left > 0, None
        statuses.append(shown.status)
        if shown.status:
            assert shown.status == 8, shown.stdout
            assert shown.document["error"]["code"] == "ledger-unreachable"
        assert shared.accepted() - accepted <= 1
        # As time would do with what a lost host holds.
        database = sa.make_url(shared.ledger_url).database
        postgres.sql("UPDATE leases SET ends_at = 1", database=database)
        told = [one["status"] for one in shared.resolve().document]
        assert set(told) <= {"confirmed", "in-effect", "refused", "unknown"}
        again = shared.post(file)
        assert again.document["status"] in ("confirmed", "in-effect"), again.document
        assert shared.accepted() - accepted == 1
    assert statuses[-1] == 0
    assert statuses.count(8) >= at_least, statuses


# Its schema.


def schema_of(engine: sa.Engine) -> dict[str, object]:
    look = sa.inspect(engine)
    return {
        name: (
            [(one["name"], str(one["type"]), one["nullable"]) for one in look.get_columns(name)],
            look.get_pk_constraint(name)["constrained_columns"],
            sorted((one["name"], one["column_names"]) for one in look.get_indexes(name)),
            [one["column_names"] for one in look.get_unique_constraints(name)],
        )
        for name in sorted(look.get_table_names())
        if name != "sqlite_sequence"
    }


@pytest.mark.both_engines
def test_all_revisions_in_a_row_make_what_a_new_ledger_is_made_of(ledger_engine, request, tmp_path):
    engines = []
    for name in ("stepwise", "at-once"):
        if ledger_engine == "sqlite":
            engine = sa.create_engine(f"sqlite:///{tmp_path / name}")
        else:
            postgres = request.getfixturevalue("postgres")
            url = sa.make_url(postgres.url(postgres.new_database()))
            engine = sa.create_engine(url.set(drivername="postgresql+psycopg"))
        engines.append(engine)
    stepwise, at_once = engines
    with stepwise.begin() as connection:
        upgrade_schema(connection, 0)
    with at_once.begin() as connection:
        METADATA.create_all(connection)
    assert schema_of(stepwise) == schema_of(at_once)
    for engine in engines:
        engine.dispose()


def test_a_ledger_of_0_1_on_a_server_is_brought_forward(postgres, database):
    """None was ever there; the revisions hold for both engines all the same."""
    url = sa.make_url(postgres.url(database)).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        upgrade_schema(connection, 0, target=1)
    key = "'testnet', '0x" + "11" * 20 + "'"
    postgres.sql(
        f"INSERT INTO posts VALUES ({key}, 5, '07', '', '0x{'11' * 20}', 'BTC', '{{}}', NULL,"
        " 'accepted', 2, 'accepted', 'yes', '{\"ok\": 1}', 6, 7)",
        f"INSERT INTO drafts VALUES ({key}, 9)",
        database=database,
    )
    engine.dispose()
    ledger = opened(postgres, database)
    (row,) = ledger.rows()
    assert (row.state, row.legacy, row.answer) == (NonceState.LEGACY, "accepted", b'{"ok": 1}')
    assert ledger.take_draft_nonce("testnet", row.key.signer, 1) == 10
    ledger.close()
