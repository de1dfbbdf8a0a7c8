"""The tables of release 0.1."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make them; a ledger of 0.1 has them and begins with the next revision."""
    op.create_table(
        "posts",
        sa.Column("venue", sa.String, primary_key=True),
        sa.Column("signer", sa.String, primary_key=True),
        sa.Column("nonce", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("action_hash", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("coin", sa.String, nullable=False),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("sentence", sa.Text),
        sa.Column("answer", sa.Text),
        sa.Column("reserved_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("posts_by_state", "posts", ["state", "venue"])
    op.create_table(
        "drafts",
        sa.Column("venue", sa.String, primary_key=True),
        sa.Column("signer", sa.String, primary_key=True),
        sa.Column("nonce", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
