"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The change."""
    op.create_table(
        "audit",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_table(
        "children",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("nickname", sa.String(length=40), nullable=False),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("birth_month", sa.SmallInteger(), nullable=True),
        sa.Column("sex", sa.String(length=10), server_default="", nullable=False),
        sa.Column("lives_with", sa.String(length=20), server_default="", nullable=False),
        sa.Column("mother", sa.String(length=12), server_default="", nullable=False),
        sa.Column("father", sa.String(length=12), server_default="", nullable=False),
        sa.Column("ask_calls", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_children")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "forms",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_forms")),
    )
    op.create_index(op.f("ix_forms_name"), "forms", ["name"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("error", sa.String(length=200), server_default="", nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint(
            "channel", "account", "external_id", name=op.f("uq_inbox_channel_account_external_id")
        ),
    )
    op.create_index(
        "ix_inbox_open",
        "inbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status <> 'done'"),
        postgresql_where=sa.text("status <> 'done'"),
    )
    op.create_index("ix_inbox_received", "inbox", ["received_at"], unique=False)
    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "villages",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("district", sa.String(length=80), server_default="", nullable=False),
        sa.Column("head_title", sa.String(length=20), server_default="Kepala Desa", nullable=False),
        sa.Column("zone", sa.String(length=40), server_default="Asia/Jakarta", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_villages")),
        sa.UniqueConstraint("code", name=op.f("uq_villages_code")),
    )
    op.create_table(
        "people",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("role", sa.String(length=12), server_default="caregiver", nullable=False),
        sa.Column("salutation", sa.String(length=20), server_default="", nullable=False),
        sa.Column("name", sa.String(length=80), server_default="", nullable=False),
        sa.Column("village_id", SERIAL, nullable=True),
        sa.Column("relation", sa.String(length=20), server_default="", nullable=False),
        sa.Column("language", sa.String(length=5), server_default="id", nullable=False),
        sa.Column("zone", sa.String(length=40), server_default="Asia/Jakarta", nullable=False),
        sa.Column("hour", sa.String(length=5), server_default="", nullable=False),
        sa.Column("consent", sa.String(length=10), server_default="unasked", nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", sa.BigInteger(), nullable=True),
        sa.Column("erasure_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_wrote_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["village_id"], ["villages.id"], name=op.f("fk_people_village_id_villages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "addresses",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("person_id", SERIAL, nullable=True),
        sa.Column("blocked_at", sa.BigInteger(), nullable=True),
        sa.Column("blocked_reason", sa.String(length=80), nullable=True),
        sa.Column("last_inbound_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_addresses_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint(
            "channel", "account", "address", name=op.f("uq_addresses_channel_account_address")
        ),
    )
    op.create_index("ix_addresses_person", "addresses", ["person_id"], unique=False)
    op.create_table(
        "caregiving",
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("child_id", SERIAL, nullable=False),
        sa.Column("relation", sa.String(length=20), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["children.id"], name=op.f("fk_caregiving_child_id_children")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_caregiving_person_id_people")
        ),
        sa.PrimaryKeyConstraint("person_id", "child_id", name=op.f("pk_caregiving")),
    )
    op.create_index(op.f("ix_caregiving_child_id"), "caregiving", ["child_id"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("capacity", sa.String(length=20), nullable=False),
        sa.Column("text_version", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("witness_id", SERIAL, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_consents_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["witness_id"], ["people.id"], name=op.f("fk_consents_witness_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_person_id"), "consents", ["person_id"], unique=False)
    op.create_table(
        "dialogues",
        sa.Column("person_id", SERIAL, autoincrement=False, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_dialogues_person_id_people")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_dialogues")),
    )
    op.create_table(
        "due",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("person_id", SERIAL, nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.String(length=64), server_default="", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("outcome", sa.String(length=120), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_due_person_id_people")),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_due")),
    )
    op.create_index(
        "ix_due_open",
        "due",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("outcome = ''"),
        postgresql_where=sa.text("outcome = ''"),
    )
    op.create_index(op.f("ix_due_person_id"), "due", ["person_id"], unique=False)
    op.create_table(
        "interviews",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("child_id", SERIAL, nullable=True),
        sa.Column("conversation", sa.String(length=40), nullable=False),
        sa.Column("form_name", sa.String(length=80), nullable=False),
        sa.Column("form_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["child_id"], ["children.id"], name=op.f("fk_interviews_child_id_children")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_interviews_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interviews")),
    )
    op.create_index(
        "ix_interviews_child",
        "interviews",
        ["child_id", "conversation", "finished_at"],
        unique=False,
    )
    op.create_index(op.f("ix_interviews_person_id"), "interviews", ["person_id"], unique=False)
    op.create_table(
        "media",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", SERIAL, nullable=True),
        sa.Column("task_code", sa.String(length=20), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("mime", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("ref", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=80), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_media_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
    )
    op.create_index(op.f("ix_media_person_id"), "media", ["person_id"], unique=False)
    op.create_index(op.f("ix_media_task_code"), "media", ["task_code"], unique=False)
    op.create_index(
        "ix_media_waiting",
        "media",
        ["not_before"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "staff",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=20), server_default="staff", nullable=False),
        sa.Column("person_id", SERIAL, nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_staff_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("person_id", name=op.f("uq_staff_person_id")),
    )
    op.create_table(
        "tasks",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=6), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("about_id", SERIAL, nullable=True),
        sa.Column("child_id", SERIAL, nullable=True),
        sa.Column("owner_id", SERIAL, nullable=True),
        sa.Column("danger_class", sa.String(length=24), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["about_id"], ["people.id"], name=op.f("fk_tasks_about_id_people")),
        sa.ForeignKeyConstraint(
            ["child_id"], ["children.id"], name=op.f("fk_tasks_child_id_children")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_tasks_owner_id_people")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_about_id"), "tasks", ["about_id"], unique=False)
    op.create_index("ix_tasks_open", "tasks", ["status", "due_at"], unique=False)
    op.create_table(
        "tips_sent",
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("tip", sa.String(length=60), nullable=False),
        sa.Column("child_id", SERIAL, nullable=True),
        sa.Column("helpful", sa.Boolean(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["children.id"], name=op.f("fk_tips_sent_child_id_children")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_tips_sent_person_id_people")
        ),
        sa.PrimaryKeyConstraint("person_id", "tip", name=op.f("pk_tips_sent")),
    )
    op.create_table(
        "address_people",
        sa.Column("address_id", SERIAL, nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_address_people_address_id_addresses")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_address_people_person_id_people")
        ),
        sa.PrimaryKeyConstraint("address_id", "person_id", name=op.f("pk_address_people")),
    )
    op.create_table(
        "answers",
        sa.Column("interview_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.String(length=160), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("spoken_by", SERIAL, nullable=False),
        sa.Column("typed_by", SERIAL, nullable=False),
        sa.ForeignKeyConstraint(
            ["interview_id"], ["interviews.id"], name=op.f("fk_answers_interview_id_interviews")
        ),
        sa.ForeignKeyConstraint(
            ["spoken_by"], ["people.id"], name=op.f("fk_answers_spoken_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["typed_by"], ["people.id"], name=op.f("fk_answers_typed_by_people")
        ),
        sa.PrimaryKeyConstraint("interview_id", "path", name=op.f("pk_answers")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("address_id", SERIAL, nullable=False),
        sa.Column("person_id", SERIAL, nullable=True),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=120), server_default="", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("platform_id", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["address_id"], ["addresses.id"], name=op.f("fk_outbox_address_id_addresses")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_outbox_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    op.create_index(
        "ix_outbox_address_open",
        "outbox",
        ["address_id", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('waiting', 'sending')"),
        postgresql_where=sa.text("status IN ('waiting', 'sending')"),
    )
    op.create_index("ix_outbox_created", "outbox", ["created_at"], unique=False)
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["priority", "not_before", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('waiting', 'sending')"),
        postgresql_where=sa.text("status IN ('waiting', 'sending')"),
    )
    op.create_table(
        "task_notes",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("by_id", SERIAL, nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("media_id", sa.String(length=32), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_task_notes_by_id_people")),
        sa.ForeignKeyConstraint(["code"], ["tasks.code"], name=op.f("fk_task_notes_code_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_notes")),
    )
    op.create_index(op.f("ix_task_notes_code"), "task_notes", ["code"], unique=False)


def downgrade() -> None:
    """There is no way back in place: restore the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
