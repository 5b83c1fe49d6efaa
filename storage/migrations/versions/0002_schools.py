"""Schools, sessions, broadcasts, rules, and people who are helped along by a cadre."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The change."""
    op.create_table(
        "rules",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("village_id", SERIAL, nullable=True),
        sa.Column("audience", sa.Text(), server_default="", nullable=False),
        sa.Column("anchor", sa.String(length=16), nullable=False),
        sa.Column("days", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=True),
        sa.Column("hour", sa.String(length=5), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("when_busy", sa.String(length=10), server_default="wait", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["village_id"], ["villages.id"], name=op.f("fk_rules_village_id_villages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules")),
        sa.UniqueConstraint("name", name=op.f("uq_rules_name")),
    )
    op.create_table(
        "broadcasts",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("media_id", sa.String(length=32), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("by_id", SERIAL, nullable=True),
        sa.Column("approved_by", SERIAL, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("frozen_at", sa.BigInteger(), nullable=True),
        sa.Column("rehearsal", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["people.id"], name=op.f("fk_broadcasts_approved_by_people")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_broadcasts_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    op.create_table(
        "join_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_join_codes_person_id_people")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_join_codes")),
    )
    with op.batch_alter_table("join_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_join_codes_person_id"), ["person_id"], unique=False)

    op.create_table(
        "schools",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("village_id", SERIAL, nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("place", sa.String(length=120), server_default="", nullable=False),
        sa.Column("zone", sa.String(length=40), server_default="Asia/Jakarta", nullable=False),
        sa.Column("cadre_id", SERIAL, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cadre_id"], ["people.id"], name=op.f("fk_schools_cadre_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["village_id"], ["villages.id"], name=op.f("fk_schools_village_id_villages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schools")),
        sa.UniqueConstraint("code", name=op.f("uq_schools_code")),
    )
    with op.batch_alter_table("schools", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schools_cadre_id"), ["cadre_id"], unique=False)

    op.create_table(
        "tags",
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_tags_person_id_people")
        ),
        sa.PrimaryKeyConstraint("person_id", "tag", name=op.f("pk_tags")),
    )
    with op.batch_alter_table("tags", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tags_tag"), ["tag"], unique=False)

    op.create_table(
        "enrolments",
        sa.Column("school_id", SERIAL, nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("by_id", SERIAL, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_enrolments_by_id_people")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_enrolments_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_enrolments_school_id_schools")
        ),
        sa.PrimaryKeyConstraint("school_id", "person_id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("school_id", "number", name=op.f("uq_enrolments_school_id_number")),
    )
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolments_person_id"), ["person_id"], unique=False)

    op.create_table(
        "series",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("school_id", SERIAL, nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=True),
        sa.Column("pasaran", sa.String(length=6), server_default="", nullable=False),
        sa.Column("every", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("first", sa.String(length=10), nullable=False),
        sa.Column("last", sa.String(length=10), server_default="", nullable=False),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("ramadan_begins", sa.String(length=5), server_default="", nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("skip", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), server_default="", nullable=False),
        sa.Column("facilitator", sa.String(length=80), server_default="", nullable=False),
        sa.Column("bring", sa.String(length=200), server_default="", nullable=False),
        sa.Column("tip", sa.String(length=60), server_default="", nullable=False),
        sa.Column("reminders", sa.String(length=40), server_default="invite h1 h2", nullable=False),
        sa.Column("by_id", SERIAL, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_series_by_id_people")),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_series_school_id_schools")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    with op.batch_alter_table("series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_series_school_id"), ["school_id"], unique=False)

    op.create_table(
        "recipients",
        sa.Column("broadcast_id", SERIAL, nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("outbox_id", SERIAL, nullable=True),
        sa.Column("reason", sa.String(length=120), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_recipients_broadcast_id_broadcasts")
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"], ["outbox.id"], name=op.f("fk_recipients_outbox_id_outbox")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_recipients_person_id_people")
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "person_id", name=op.f("pk_recipients")),
    )
    with op.batch_alter_table("recipients", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recipients_open",
            ["broadcast_id", "person_id"],
            unique=False,
            sqlite_where=sa.text("outbox_id IS NULL AND reason = ''"),
            postgresql_where=sa.text("outbox_id IS NULL AND reason = ''"),
        )

    op.create_table(
        "sessions",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("school_id", SERIAL, nullable=False),
        sa.Column("series_id", SERIAL, nullable=True),
        sa.Column("slot", sa.String(length=10), server_default="", nullable=False),
        sa.Column("topic", sa.String(length=120), nullable=False),
        sa.Column("place", sa.String(length=120), server_default="", nullable=False),
        sa.Column("facilitator", sa.String(length=80), server_default="", nullable=False),
        sa.Column("bring", sa.String(length=200), server_default="", nullable=False),
        sa.Column("tip", sa.String(length=60), server_default="", nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="planned", nullable=False),
        sa.Column("revision", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("reminders", sa.String(length=40), server_default="invite h1 h2", nullable=False),
        sa.Column("attendance_at", sa.BigInteger(), nullable=True),
        sa.Column("by_id", SERIAL, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_sessions_by_id_people")),
        sa.ForeignKeyConstraint(
            ["school_id"], ["schools.id"], name=op.f("fk_sessions_school_id_schools")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_sessions_series_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("series_id", "slot", name=op.f("uq_sessions_series_id_slot")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("ix_sessions_school", ["school_id", "starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("session_id", SERIAL, nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("rsvp", sa.String(length=5), server_default="", nullable=False),
        sa.Column("rsvp_at", sa.BigInteger(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=True),
        sa.Column("present_by", SERIAL, nullable=True),
        sa.Column("present_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_invitations_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["present_by"], ["people.id"], name=op.f("fk_invitations_present_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_invitations_session_id_sessions")
        ),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_invitations")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index("ix_invitations_person", ["person_id", "asked_at"], unique=False)

    serial = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE addresses ADD COLUMN assisting_id {serial}"
        " CONSTRAINT fk_addresses_assisting_id_people REFERENCES people (id)"
    )
    op.add_column("addresses", sa.Column("assisting_until", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_addresses_assisting",
        "addresses",
        ["assisting_id"],
        unique=False,
        sqlite_where=sa.text("assisting_id IS NOT NULL"),
        postgresql_where=sa.text("assisting_id IS NOT NULL"),
    )

    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("how", sa.String(length=10), server_default="read", nullable=False)
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("campaign", sa.String(length=24), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        batch_op.create_index(
            "ix_outbox_campaign_open",
            ["campaign"],
            unique=False,
            sqlite_where=sa.text("status IN ('waiting', 'sending') AND campaign <> ''"),
            postgresql_where=sa.text("status IN ('waiting', 'sending') AND campaign <> ''"),
        )

    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("quiet", sa.String(length=11), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("talk_until", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("unasked_week", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("unasked", sa.SmallInteger(), server_default="0", nullable=False)
        )
        batch_op.create_index("ix_people_village", ["village_id"], unique=False)
    op.execute("DELETE FROM due WHERE kind = 'checkin'")  # each person's own: rules plan them now


def downgrade() -> None:
    """There is no way back in place: restore the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
