"""The tables. Times are UTC; what is sealed is `LargeBinary`; what is searched is plain.

Alembic's migrations (`storage/migrations/`) make these tables; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UTCTime(TypeDecorator[datetime]):
    """An aware UTC time, kept as whole milliseconds since 1970: sorted, the same everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_ms(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else from_ms(value)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return round(at.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The aware UTC time of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts upwards by itself only in INTEGER."""


def identity() -> Column[int]:
    """The primary key that the database counts."""
    return Column("id", Serial, primary_key=True, autoincrement=True)


villages = Table(
    "villages",
    metadata,
    identity(),
    Column("name", String(80), nullable=False),
    Column("code", String(8), nullable=False, unique=True),  # JBR, the first part of a case code
    Column("district", String(80), nullable=False, server_default=""),
    Column("head_title", String(20), nullable=False, server_default="Kepala Desa"),
    Column("zone", String(40), nullable=False, server_default="Asia/Jakarta"),
    Column("position", Integer, nullable=False, server_default="0"),
)

people = Table(
    "people",
    metadata,
    identity(),
    Column("role", String(12), nullable=False, server_default="caregiver"),
    Column("salutation", String(20), nullable=False, server_default=""),
    Column("name", String(80), nullable=False, server_default=""),
    Column("village_id", Serial, ForeignKey("villages.id")),
    Column("relation", String(20), nullable=False, server_default=""),
    Column("language", String(5), nullable=False, server_default="id"),
    Column("zone", String(40), nullable=False, server_default="Asia/Jakarta"),
    Column("hour", String(5), nullable=False, server_default=""),
    Column("consent", String(10), nullable=False, server_default="unasked"),
    Column("stopped_at", UTCTime),
    Column("paused_until", UTCTime),
    Column("registered_at", UTCTime),
    Column("erasure_asked_at", UTCTime),
    Column("erased_at", UTCTime),
    Column("created_at", UTCTime, nullable=False),
    Column("last_wrote_at", UTCTime),
)

addresses = Table(
    "addresses",
    metadata,
    identity(),
    Column("channel", String(12), nullable=False),
    Column("account", String(32), nullable=False),  # the bot or number of ours
    Column("address", String(64), nullable=False),  # the chat id, wa id …
    Column("person_id", Serial, ForeignKey("people.id")),  # who holds the phone now
    Column("blocked_at", UTCTime),
    Column("blocked_reason", String(80)),
    Column("last_inbound_at", UTCTime),
    Column("created_at", UTCTime, nullable=False),
    UniqueConstraint("channel", "account", "address"),
    Index("ix_addresses_person", "person_id"),
)

address_people = Table(
    "address_people",
    metadata,
    Column("address_id", Serial, ForeignKey("addresses.id"), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True),
    Column("since", UTCTime, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    identity(),
    Column("person_id", Serial, ForeignKey("people.id"), nullable=False, index=True),
    Column("decision", String(10), nullable=False),
    Column("capacity", String(20), nullable=False),
    Column("text_version", String(80), nullable=False),
    Column("text", Text, nullable=False),  # the words she was shown
    Column("channel", String(12), nullable=False),
    Column("witness_id", Serial, ForeignKey("people.id")),
    Column("at", UTCTime, nullable=False),
)

children = Table(
    "children",
    metadata,
    identity(),
    Column("nickname", String(40), nullable=False),
    Column("birth_year", SmallInteger),
    Column("birth_month", SmallInteger),
    Column("sex", String(10), nullable=False, server_default=""),
    Column("lives_with", String(20), nullable=False, server_default=""),
    Column("mother", String(12), nullable=False, server_default=""),
    Column("father", String(12), nullable=False, server_default=""),
    Column("ask_calls", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", UTCTime, nullable=False),
)

caregiving = Table(
    "caregiving",
    metadata,
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True),
    Column("child_id", Serial, ForeignKey("children.id"), primary_key=True, index=True),
    Column("relation", String(20), nullable=False, server_default=""),
)

dialogues = Table(
    "dialogues",
    metadata,
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("state", LargeBinary, nullable=False),  # sealed
    Column("updated_at", UTCTime, nullable=False),
)

forms = Table(
    "forms",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("name", String(80), nullable=False, index=True),
    Column("filename", String(120), nullable=False),
    Column("source", LargeBinary, nullable=False),
    Column("used_at", UTCTime, nullable=False),
)

interviews = Table(
    "interviews",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), nullable=False, index=True),
    Column("child_id", Serial, ForeignKey("children.id")),
    Column("conversation", String(40), nullable=False),
    Column("form_name", String(80), nullable=False),
    Column("form_hash", String(64), nullable=False),
    Column("status", String(10), nullable=False),  # running finished partial
    Column("started_at", UTCTime, nullable=False),
    Column("finished_at", UTCTime),
    Index("ix_interviews_child", "child_id", "conversation", "finished_at"),
)

answers = Table(
    "answers",
    metadata,
    Column("interview_id", String(32), ForeignKey("interviews.id"), primary_key=True),
    Column("path", String(160), primary_key=True),
    Column("value", LargeBinary, nullable=False),  # sealed; an XForms string, "" is skipped
    Column("at", UTCTime, nullable=False),
    Column("spoken_by", Serial, ForeignKey("people.id"), nullable=False),
    Column("typed_by", Serial, ForeignKey("people.id"), nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("kind", String(20), nullable=False),  # concern followup voice person_wanted erasure …
    Column("level", String(6), nullable=False),
    Column("status", String(10), nullable=False, server_default="open"),  # open accepted closed
    Column("about_id", Serial, ForeignKey("people.id"), index=True),
    Column("child_id", Serial, ForeignKey("children.id")),
    Column("owner_id", Serial, ForeignKey("people.id")),
    Column("danger_class", String(24), nullable=False, server_default=""),
    Column("reason", String(60), nullable=False),
    Column("content", LargeBinary),  # sealed
    Column("due_at", UTCTime, nullable=False),
    Column("created_at", UTCTime, nullable=False),
    Column("accepted_at", UTCTime),
    Column("closed_at", UTCTime),
    Index("ix_tasks_open", "status", "due_at"),
)

task_notes = Table(
    "task_notes",
    metadata,
    identity(),
    Column("code", String(20), ForeignKey("tasks.code"), nullable=False, index=True),
    Column("by_id", Serial, ForeignKey("people.id")),
    Column("action", String(20), nullable=False),  # added accepted read answered noted closed
    Column("note", LargeBinary),  # sealed
    Column("media_id", String(32)),
    Column("at", UTCTime, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

media = Table(
    "media",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), index=True),
    Column("task_code", String(20), index=True),
    Column("kind", String(12), nullable=False),
    Column("mime", String(80), nullable=False),
    Column("size", Integer, nullable=False),
    Column("channel", String(12), nullable=False),
    Column("account", String(32), nullable=False),
    Column("ref", LargeBinary),  # sealed; what the channel needs to fetch it
    Column("status", String(10), nullable=False),  # waiting stored refused failed
    Column("reason", String(80), nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", UTCTime),
    Column("created_at", UTCTime, nullable=False),
    Index(
        "ix_media_waiting",
        "not_before",
        sqlite_where=text("status = 'waiting'"),
        postgresql_where=text("status = 'waiting'"),
    ),
)

tips_sent = Table(
    "tips_sent",
    metadata,
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True),
    Column("tip", String(60), primary_key=True),
    Column("child_id", Serial, ForeignKey("children.id")),
    Column("helpful", Boolean),
    Column("at", UTCTime, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    identity(),
    Column("channel", String(12), nullable=False),
    Column("account", String(32), nullable=False),
    Column("external_id", String(80), nullable=False),
    Column("address", String(64), nullable=False),
    Column("body", LargeBinary),  # sealed; emptied by retention
    Column("status", String(12), nullable=False),  # new done quarantined
    Column("attempts", SmallInteger, nullable=False),
    Column("error", String(200), nullable=False, server_default=""),  # kind of error, never content
    Column("received_at", UTCTime, nullable=False),
    Column("done_at", UTCTime),
    UniqueConstraint("channel", "account", "external_id"),
    Index(
        "ix_inbox_open",
        "id",
        sqlite_where=text("status <> 'done'"),
        postgresql_where=text("status <> 'done'"),
    ),
    Index("ix_inbox_received", "received_at"),
)

outbox = Table(
    "outbox",
    metadata,
    identity(),
    Column("address_id", Serial, ForeignKey("addresses.id"), nullable=False),
    Column("person_id", Serial, ForeignKey("people.id")),
    Column("dedupe_key", String(120), nullable=False, unique=True),
    Column("priority", SmallInteger, nullable=False),  # 0 alarm 1 reply 2 reminder 3 broadcast
    Column("purpose", String(24), nullable=False),
    Column("body", LargeBinary),  # sealed; emptied by retention
    # waiting sending | sent delivered read failed uncertain excluded expired merged
    Column("status", String(10), nullable=False),
    Column("reason", String(120), nullable=False, server_default=""),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("not_before", UTCTime, nullable=False),
    Column("expires_at", UTCTime),
    Column("owner", String(32)),
    Column("lease_until", UTCTime),
    Column("platform_id", String(80)),
    Column("created_at", UTCTime, nullable=False),
    Column("finished_at", UTCTime),
    Index(
        "ix_outbox_open",
        "priority",
        "not_before",
        "id",
        sqlite_where=text("status IN ('waiting', 'sending')"),
        postgresql_where=text("status IN ('waiting', 'sending')"),
    ),
    Index(
        "ix_outbox_address_open",
        "address_id",
        "id",
        sqlite_where=text("status IN ('waiting', 'sending')"),
        postgresql_where=text("status IN ('waiting', 'sending')"),
    ),
    Index("ix_outbox_created", "created_at"),
)

due = Table(
    "due",
    metadata,
    Column("kind", String(24), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), index=True),
    Column("due_at", UTCTime, nullable=False),
    Column("expires_at", UTCTime),
    Column("cursor", String(64), nullable=False, server_default=""),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("outcome", String(120), nullable=False, server_default=""),  # "", done, missed: reason …
    Index(
        "ix_due_open",
        "due_at",
        sqlite_where=text("outcome = ''"),
        postgresql_where=text("outcome = ''"),
    ),
)

staff = Table(
    "staff",
    metadata,
    identity(),
    Column("name", String(80), nullable=False),
    Column("role", String(20), nullable=False, server_default="staff"),
    Column("person_id", Serial, ForeignKey("people.id"), unique=True),
    Column("code_hash", String(64)),
    Column("code_expires_at", UTCTime),
    Column("added_at", UTCTime, nullable=False),
    Column("joined_at", UTCTime),
    Column("removed_at", UTCTime),
)

audit = Table(
    "audit",
    metadata,
    identity(),
    Column("at", UTCTime, nullable=False, index=True),
    Column("actor", String(40), nullable=False),  # person:12, command, clock
    Column("action", String(40), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("reason", String(200), nullable=False, server_default=""),
)

meta = Table(
    "meta",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
