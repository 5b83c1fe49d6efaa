"""WhatsApp: windows, templates, receipts, spending; phones that several people hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """The change."""
    op.create_table(
        "receipts",
        sa.Column("platform_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=120), server_default="", nullable=False),
        sa.Column("category", sa.String(length=12), server_default="", nullable=False),
        sa.Column("billable", sa.Boolean(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("platform_id", "status", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_received_at"), "receipts", ["received_at"])
    op.create_table(
        "spending",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("category", sa.String(length=12), nullable=False),
        sa.Column("messages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rupiah", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", "month", "category", name=op.f("pk_spending")),
    )
    op.create_table(
        "templates",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=12), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("platform_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", "language", name=op.f("pk_templates")),
    )

    with op.batch_alter_table("address_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_address_people_person_id"), ["person_id"])
    op.execute(
        "INSERT INTO address_people (address_id, person_id, since)"
        " SELECT a.id, a.person_id, a.created_at FROM addresses a WHERE a.person_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM address_people t"
        " WHERE t.address_id = a.id AND t.person_id = a.person_id)"
    )

    with op.batch_alter_table("addresses", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("recipient", sa.String(length=140), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("window_until", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("shared", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        batch_op.add_column(sa.Column("doubted_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("asked_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("asked_times", sa.SmallInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("waking_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("rests_until", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("identity", sa.String(length=64), server_default="", nullable=False)
        )
        batch_op.create_index(
            "ix_addresses_recipient",
            ["recipient"],
            sqlite_where=sa.text("recipient <> ''"),
            postgresql_where=sa.text("recipient <> ''"),
        )

    with op.batch_alter_table("join_codes", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("purpose", sa.String(length=8), server_default="slip", nullable=False)
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("channel", sa.String(length=12), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("withheld", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        batch_op.add_column(
            sa.Column("category", sa.String(length=12), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("parts", sa.SmallInteger(), server_default="1", nullable=False)
        )
        batch_op.add_column(sa.Column("charged", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("charged_at", sa.BigInteger(), nullable=True))
        batch_op.drop_index("ix_outbox_open")
        batch_op.create_index(
            "ix_outbox_open",
            ["channel", "priority", "not_before", "id"],
            sqlite_where=sa.text("status IN ('waiting', 'sending')"),
            postgresql_where=sa.text("status IN ('waiting', 'sending')"),
        )
        batch_op.create_index(
            "ix_outbox_platform",
            ["platform_id"],
            sqlite_where=sa.text("channel = 'whatsapp' AND platform_id IS NOT NULL"),
            postgresql_where=sa.text("channel = 'whatsapp' AND platform_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_outbox_withheld",
            ["address_id"],
            sqlite_where=sa.text("withheld"),
            postgresql_where=sa.text("withheld"),
        )
    op.execute(
        "UPDATE outbox SET channel ="
        " (SELECT a.channel FROM addresses a WHERE a.id = outbox.address_id)"
    )


def downgrade() -> None:
    """There is no way back in place: restore the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
