"""Cases with a life of their own, duty and alerts, the referral directory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The change."""
    op.create_table(
        "contacts",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("agency", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("officer", sa.String(length=80), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("district", sa.String(length=80), server_default="", nullable=False),
        sa.Column("village_id", SERIAL, nullable=True),
        sa.Column("checked_on", sa.String(length=10), server_default="", nullable=False),
        sa.Column("checked_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["village_id"], ["villages.id"], name=op.f("fk_contacts_village_id_villages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_table(
        "duties",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=True),
        sa.Column("begins", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.Column("first", sa.String(length=10), nullable=False),
        sa.Column("last", sa.String(length=10), server_default="", nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_duties_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duties")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["code"], ["tasks.code"], name=op.f("fk_alerts_code_tasks")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_alerts_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint(
            "code", "step", "person_id", name=op.f("uq_alerts_code_step_person_id")
        ),
    )
    op.create_table(
        "case_exclusions",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("by_id", SERIAL, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["people.id"], name=op.f("fk_case_exclusions_by_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["code"], ["tasks.code"], name=op.f("fk_case_exclusions_code_tasks")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_case_exclusions_person_id_people")
        ),
        sa.PrimaryKeyConstraint("code", "person_id", name=op.f("pk_case_exclusions")),
    )
    op.create_table(
        "cases",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=12), server_default="aduan", nullable=False),
        sa.Column("village_id", SERIAL, nullable=True),
        sa.Column("outside", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("hide_name", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("safe", sa.String(length=12), server_default="", nullable=False),
        sa.Column("may_call", sa.String(length=8), server_default="", nullable=False),
        sa.Column("next_action", sa.LargeBinary(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=10), server_default="", nullable=False),
        sa.Column("closing_by", SERIAL, nullable=True),
        sa.Column("closing_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", SERIAL, nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("merged_into", sa.String(length=20), server_default="", nullable=False),
        sa.Column("reopened_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["people.id"], name=op.f("fk_cases_approved_by_people")
        ),
        sa.ForeignKeyConstraint(
            ["closing_by"], ["people.id"], name=op.f("fk_cases_closing_by_people")
        ),
        sa.ForeignKeyConstraint(["code"], ["tasks.code"], name=op.f("fk_cases_code_tasks")),
        sa.ForeignKeyConstraint(
            ["village_id"], ["villages.id"], name=op.f("fk_cases_village_id_villages")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_cases")),
    )
    op.create_table(
        "referrals",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("contact_id", SERIAL, nullable=False),
        sa.Column("by_id", SERIAL, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("state_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_referrals_by_id_people")),
        sa.ForeignKeyConstraint(["code"], ["tasks.code"], name=op.f("fk_referrals_code_tasks")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_referrals_contact_id_contacts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
    )
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referrals_code"), ["code"], unique=False)

    op.create_table(
        "shifts",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("duty_id", SERIAL, nullable=False),
        sa.Column("person_id", SERIAL, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.Column("warned_at", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["duty_id"], ["duties.id"], name=op.f("fk_shifts_duty_id_duties")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_shifts_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sa.UniqueConstraint("duty_id", "starts_at", name=op.f("uq_shifts_duty_id_starts_at")),
    )
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shifts_ends_at"), ["ends_at"], unique=False)

    op.create_table(
        "case_links",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("other", sa.String(length=20), nullable=False),
        sa.Column("by_id", SERIAL, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_case_links_by_id_people")),
        sa.ForeignKeyConstraint(["code"], ["cases.code"], name=op.f("fk_case_links_code_cases")),
        sa.ForeignKeyConstraint(["other"], ["cases.code"], name=op.f("fk_case_links_other_cases")),
        sa.PrimaryKeyConstraint("code", "other", name=op.f("pk_case_links")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("channel", sa.String(length=12), server_default="", nullable=False)
        )

    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("message_id", sa.String(length=80), server_default="", nullable=False)
        )

    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("acted_at", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_tasks_owner", ["owner_id", "status"], unique=False)

    op.execute(
        "INSERT INTO cases (code, stage, village_id)"
        " SELECT tasks.code, CASE WHEN tasks.status = 'closed' THEN 'penutupan' ELSE 'aduan' END,"
        " people.village_id FROM tasks LEFT JOIN people ON people.id = tasks.about_id"
        " WHERE tasks.kind IN ('concern', 'safe_word')"
        " OR (tasks.kind = 'followup' AND tasks.level IN ('merah', 'oranye'))"
    )
    op.execute(  # what is open is looked at by the ladder, at the latest when it is due
        "INSERT INTO due (kind, subject, due_at, cursor, attempts, outcome)"
        " SELECT 'escalation', code, due_at, '', 0, '' FROM tasks WHERE status <> 'closed'"
    )


def downgrade() -> None:
    """There is no way back in place: restore the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
