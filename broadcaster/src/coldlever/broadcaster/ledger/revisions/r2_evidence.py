"""Where the nonce stands, what the account shows, and each attempt with its own answer.

What 0.1 had settled keeps its word, as `legacy`. What it had sent without learning the outcome
is open, and what it had recorded without sending is unsent: that much its rows do prove.

Until the release that brings it, the tables of this revision are those of `tables.METADATA`; the
revision after it writes them out here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from coldlever.broadcaster.ledger.audit import append, begin_chain
from coldlever.broadcaster.ledger.migration import name_ledger
from coldlever.broadcaster.ledger.tables import METADATA, POSTS
from coldlever.shared.audit import Event, Kind

revision = "2"
down_revision = "1"

_POSTS = (
    "INSERT INTO posts (venue, signer, nonce, what, action_hash, url, account, coin, envelope,"
    " before, state, reading, attempts, code, sentence, legacy, reserved_at, changed_at,"
    " change_number)"
    " SELECT venue, signer, nonce, 'payload', action_hash, url, account, coin, envelope,"
    " before, CASE WHEN state = 'reserved' AND attempts = 0 THEN 'unsent'"
    " WHEN state IN ('reserved', 'posting', 'unknown') THEN 'open' ELSE 'legacy' END,"
    " 'not-read', attempts, REPLACE(code, '-after-attempt', ''), sentence, state, reserved_at,"
    " changed_at, ROW_NUMBER() OVER (ORDER BY changed_at, nonce) FROM posts_0_1"
)
_ATTEMPTS = (
    "INSERT INTO attempts (venue, signer, nonce, what, number, state_before, code, answer,"
    " began_at) SELECT venue, signer, nonce, 'payload', attempts, 'legacy', code,"
    " {answer}, changed_at FROM posts_0_1 WHERE attempts > 0 ORDER BY changed_at, nonce"
)
_LAST_ATTEMPT = (
    "UPDATE posts SET last_attempt = COALESCE((SELECT MAX(id) FROM attempts"
    " WHERE attempts.venue = posts.venue AND attempts.signer = posts.signer"
    " AND attempts.nonce = posts.nonce AND attempts.what = posts.what), 0)"
)
_AS_BYTES = {"sqlite": "CAST(answer AS BLOB)", "postgresql": "convert_to(answer, 'UTF8')"}


def upgrade() -> None:
    """Make the new tables and fill them from the old ones."""
    connection = op.get_bind()
    engine = connection.dialect.name
    op.execute("DROP INDEX IF EXISTS posts_by_state")
    op.rename_table("posts", "posts_0_1")
    if engine == "postgresql":
        op.execute("ALTER TABLE posts_0_1 RENAME CONSTRAINT posts_pkey TO posts_0_1_pkey")
    METADATA.create_all(connection)
    name_ledger(connection)
    begin_chain(connection)
    op.execute(_POSTS)
    op.execute(_ATTEMPTS.format(answer=_AS_BYTES[engine]))
    op.execute(_LAST_ATTEMPT)
    op.drop_table("posts_0_1")
    count = connection.execute(sa.select(sa.func.count()).select_from(POSTS)).scalar_one()
    adopted = Event(Kind.ADOPTED, f"took over {count} payloads of a ledger of release 0.1")
    append(connection, [adopted], "ledger")
