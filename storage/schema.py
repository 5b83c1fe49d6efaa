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
    Column("quiet", String(11), nullable=False, server_default=""),  # her own 21:00-05:00
    Column("talk_until", UTCTime),  # a member of staff is talking with her until then
    Column("unasked_week", Integer, nullable=False, server_default="0"),  # ISO, 202647
    Column("unasked", SmallInteger, nullable=False, server_default="0"),  # sent in that week
    Column("registered_at", UTCTime),
    Column("erasure_asked_at", UTCTime),
    Column("erased_at", UTCTime),
    Column("created_at", UTCTime, nullable=False),
    Column("last_wrote_at", UTCTime),
    Index("ix_people_village", "village_id"),
)

addresses = Table(
    "addresses",
    metadata,
    identity(),
    Column("channel", String(12), nullable=False),
    Column("account", String(32), nullable=False),  # the bot or number of ours
    Column("address", String(64), nullable=False),  # the chat id, wa id …
    Column("person_id", Serial, ForeignKey("people.id")),  # whose phone it is
    Column("assisting_id", Serial, ForeignKey("people.id")),  # for whom its owner answers now
    Column("assisting_until", UTCTime),
    Column("blocked_at", UTCTime),
    Column("blocked_reason", String(80)),
    Column("last_inbound_at", UTCTime),
    Column("recipient", String(140), nullable=False, server_default=""),  # "": the address itself
    Column("window_until", UTCTime),  # until then anything may be said; none: no such window
    Column("shared", Boolean, nullable=False, server_default=text("false")),  # by several people
    Column("doubted_at", UTCTime),  # since then it is not sure that the phone is still hers
    Column("confirmed_at", UTCTime),  # when somebody last said that she is the one: no proof
    Column("asked_at", UTCTime),  # when it was asked who holds the phone
    Column("asked_times", SmallInteger, nullable=False, server_default="0"),
    Column("waking_id", BigInteger),  # the inbox row that is heard once that is known
    Column("rests_until", UTCTime),  # until then nothing that nobody asked for
    Column("identity", String(64), nullable=False, server_default=""),  # platform's fingerprint
    Column("created_at", UTCTime, nullable=False),
    UniqueConstraint("channel", "account", "address"),
    Index("ix_addresses_person", "person_id"),
    Index(
        "ix_addresses_recipient",
        "recipient",
        sqlite_where=text("recipient <> ''"),
        postgresql_where=text("recipient <> ''"),
    ),
    Index(
        "ix_addresses_assisting",
        "assisting_id",
        sqlite_where=text("assisting_id IS NOT NULL"),
        postgresql_where=text("assisting_id IS NOT NULL"),
    ),
)

address_people = Table(
    "address_people",
    metadata,
    Column("address_id", Serial, ForeignKey("addresses.id"), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True, index=True),
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
    Column("how", String(10), nullable=False, server_default="read"),  # read read_aloud played
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
    Column("acted_at", UTCTime),  # the first action after it was taken
    Column("closed_at", UTCTime),
    Index("ix_tasks_open", "status", "due_at"),
    Index("ix_tasks_owner", "owner_id", "status"),
)

cases = Table(
    "cases",
    metadata,
    Column("code", String(20), ForeignKey("tasks.code"), primary_key=True),
    Column("stage", String(12), nullable=False, server_default="aduan"),
    Column("village_id", Serial, ForeignKey("villages.id")),
    Column("outside", Boolean, nullable=False, server_default=text("false")),  # about staff, cadres
    Column("hide_name", Boolean, nullable=False, server_default=text("false")),
    Column("safe", String(12), nullable=False, server_default=""),  # aman belum tidak_tahu
    Column("may_call", String(8), nullable=False, server_default=""),  # boleh jangan
    Column("next_action", LargeBinary),  # sealed
    Column("next_at", UTCTime),
    Column("outcome", String(10), nullable=False, server_default=""),
    Column("closing_by", Serial, ForeignKey("people.id")),  # asks for approval
    Column("closing_at", UTCTime),
    Column("approved_by", Serial, ForeignKey("people.id")),
    Column("approved_at", UTCTime),
    Column("merged_into", String(20), nullable=False, server_default=""),
    Column("reopened_at", UTCTime),
)

case_links = Table(
    "case_links",
    metadata,
    Column("code", String(20), ForeignKey("cases.code"), primary_key=True),
    Column("other", String(20), ForeignKey("cases.code"), primary_key=True),  # each pair twice
    Column("by_id", Serial, ForeignKey("people.id")),
    Column("at", UTCTime, nullable=False),
)

case_exclusions = Table(
    "case_exclusions",
    metadata,
    Column("code", String(20), ForeignKey("tasks.code"), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True),
    Column("by_id", Serial, ForeignKey("people.id")),  # none: named in the report itself
    Column("at", UTCTime, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    identity(),
    Column("code", String(20), ForeignKey("tasks.code"), nullable=False),
    Column("person_id", Serial, ForeignKey("people.id"), nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("at", UTCTime, nullable=False),
    Column("answered_at", UTCTime),  # she took it, or read it
    UniqueConstraint("code", "step", "person_id"),
)

duties = Table(
    "duties",
    metadata,
    identity(),
    Column("person_id", Serial, ForeignKey("people.id"), nullable=False),
    Column("weekday", SmallInteger),  # 0 is Monday; none: the one day `first`
    Column("begins", String(5), nullable=False),  # local, 18:00
    Column("ends", String(5), nullable=False),  # local; not after `begins`: on the next day
    Column("first", String(10), nullable=False),  # local dates
    Column("last", String(10), nullable=False, server_default=""),
    Column("rank", SmallInteger, nullable=False),  # 1 is called first
    Column("created_at", UTCTime, nullable=False),
    Column("ended_at", UTCTime),
)

shifts = Table(
    "shifts",
    metadata,
    identity(),
    Column("duty_id", Serial, ForeignKey("duties.id"), nullable=False),
    Column("person_id", Serial, ForeignKey("people.id"), nullable=False),
    Column("starts_at", UTCTime, nullable=False),
    Column("ends_at", UTCTime, nullable=False, index=True),
    Column("rank", SmallInteger, nullable=False),
    Column("asked_at", UTCTime),
    Column("ready_at", UTCTime),
    Column("warned_at", UTCTime),  # the next one and the coordinator were told
    Column("cancelled_at", UTCTime),
    UniqueConstraint("duty_id", "starts_at"),
)

contacts = Table(
    "contacts",
    metadata,
    identity(),
    Column("agency", String(16), nullable=False),  # concerns/case.py
    Column("name", String(120), nullable=False),
    Column("officer", String(80), nullable=False, server_default=""),
    Column("phone", String(32), nullable=False),
    Column("district", String(80), nullable=False, server_default=""),
    Column("village_id", Serial, ForeignKey("villages.id")),
    Column("checked_on", String(10), nullable=False, server_default=""),  # local date
    Column("checked_by", String(80), nullable=False, server_default=""),
    Column("created_at", UTCTime, nullable=False),
    Column("ended_at", UTCTime),
)

referrals = Table(
    "referrals",
    metadata,
    identity(),
    Column("code", String(20), ForeignKey("tasks.code"), nullable=False, index=True),
    Column("contact_id", Serial, ForeignKey("contacts.id"), nullable=False),
    Column("by_id", Serial, ForeignKey("people.id")),
    Column("at", UTCTime, nullable=False),
    Column("state", String(10), nullable=False),  # diminta diterima ditolak selesai
    Column("state_at", UTCTime, nullable=False),
    Column("note", LargeBinary),  # sealed
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
    Column("message_id", String(80), nullable=False, server_default=""),  # the platform's
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
    Column("channel", String(12), nullable=False, server_default=""),  # that of the address
    Column("person_id", Serial, ForeignKey("people.id")),
    Column("dedupe_key", String(120), nullable=False, unique=True),
    Column("priority", SmallInteger, nullable=False),  # 0 alarm 1 reply 2 reminder 3 broadcast
    Column("purpose", String(24), nullable=False),
    Column("campaign", String(24), nullable=False, server_default=""),  # session:12, broadcast:3
    Column("held", Boolean, nullable=False, server_default=text("false")),  # by quiet hours
    # what went out only says that there is something: the words follow when she answers
    Column("withheld", Boolean, nullable=False, server_default=text("false")),
    Column("category", String(12), nullable=False, server_default=""),  # what WhatsApp charges
    Column("charged", Integer),  # rupiah that `spending` counts for it
    Column("charged_at", UTCTime),  # its month there; none: not counted
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
    Column("parts", SmallInteger, nullable=False, server_default="1"),  # of WhatsApp's messages
    Column("created_at", UTCTime, nullable=False),
    Column("finished_at", UTCTime),
    Index(
        "ix_outbox_open",
        "channel",
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
    Index(
        "ix_outbox_campaign_open",
        "campaign",
        sqlite_where=text("status IN ('waiting', 'sending') AND campaign <> ''"),
        postgresql_where=text("status IN ('waiting', 'sending') AND campaign <> ''"),
    ),
    Index(
        "ix_outbox_platform",
        "platform_id",
        sqlite_where=text("channel = 'whatsapp' AND platform_id IS NOT NULL"),
        postgresql_where=text("channel = 'whatsapp' AND platform_id IS NOT NULL"),
    ),
    Index(
        "ix_outbox_withheld",
        "address_id",
        sqlite_where=text("withheld"),
        postgresql_where=text("withheld"),
    ),
    Index("ix_outbox_created", "created_at"),
)

receipts = Table(
    "receipts",  # what a platform said of messages that are not known by its name yet
    metadata,
    Column("platform_id", String(80), primary_key=True),
    Column("status", String(10), primary_key=True),
    Column("reason", String(120), nullable=False, server_default=""),
    Column("category", String(12), nullable=False, server_default=""),
    Column("billable", Boolean),
    Column("at", UTCTime, nullable=False),
    Column("received_at", UTCTime, nullable=False, index=True),
    Column("outbox_id", BigInteger),  # known after all: an earlier part of this message of ours
)

templates = Table(
    "templates",  # as the platform has them
    metadata,
    Column("account", String(32), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("language", String(12), primary_key=True),
    # absent pending approved paused disabled rejected …
    Column("status", String(20), nullable=False),
    Column("category", String(12), nullable=False, server_default=""),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("platform_id", String(40), nullable=False, server_default=""),
    Column("digest", String(64), nullable=False, server_default=""),  # of the text it was made of
    Column("updated_at", UTCTime, nullable=False),
)

spending = Table(
    "spending",
    metadata,
    Column("account", String(32), primary_key=True),  # the number of ours
    Column("month", String(7), primary_key=True),  # local, 2026-11
    Column("category", String(12), primary_key=True),
    Column("messages", Integer, nullable=False, server_default="0"),
    Column("rupiah", BigInteger, nullable=False, server_default="0"),
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
    Column("phone", LargeBinary),  # sealed; the second way to reach somebody on duty
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
    Column("channel", String(12), nullable=False, server_default=""),  # by which she did it
)

schools = Table(
    "schools",
    metadata,
    identity(),
    Column("village_id", Serial, ForeignKey("villages.id")),  # none: the whole programme
    Column("kind", String(24), nullable=False),  # bok_ebok pak_bapak yang_eyang rapat …
    Column("name", String(80), nullable=False),
    Column("code", String(12), nullable=False, unique=True),  # on its poster
    Column("place", String(120), nullable=False, server_default=""),
    Column("zone", String(40), nullable=False, server_default="Asia/Jakarta"),
    Column("cadre_id", Serial, ForeignKey("people.id"), index=True),
    Column("created_at", UTCTime, nullable=False),
    Column("closed_at", UTCTime),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("school_id", Serial, ForeignKey("schools.id"), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True, index=True),
    Column("number", SmallInteger, nullable=False),  # in the school's list: "hadir 3 7 12"
    Column("by_id", Serial, ForeignKey("people.id")),  # none: by command
    Column("at", UTCTime, nullable=False),
    Column("left_at", UTCTime),
    UniqueConstraint("school_id", "number"),
)

series = Table(
    "series",
    metadata,
    identity(),
    Column("school_id", Serial, ForeignKey("schools.id"), nullable=False, index=True),
    Column("weekday", SmallInteger),  # 0 is Monday; none: every pasaran day
    Column("pasaran", String(6), nullable=False, server_default=""),  # legi pahing pon wage kliwon
    Column("every", SmallInteger, nullable=False, server_default="1"),  # weeks
    Column("first", String(10), nullable=False),  # local dates, 2026-11-24
    Column("last", String(10), nullable=False, server_default=""),
    Column("begins", String(5), nullable=False),  # local, 08:00
    Column("ramadan_begins", String(5), nullable=False, server_default=""),
    Column("minutes", SmallInteger, nullable=False),
    Column("skip", Text, nullable=False, server_default=""),  # local dates with spaces between
    Column("topic", String(120), nullable=False),
    Column("place", String(120), nullable=False, server_default=""),
    Column("facilitator", String(80), nullable=False, server_default=""),
    Column("bring", String(200), nullable=False, server_default=""),
    Column("tip", String(60), nullable=False, server_default=""),
    Column("reminders", String(40), nullable=False, server_default="invite h1 h2"),
    Column("by_id", Serial, ForeignKey("people.id")),
    Column("created_at", UTCTime, nullable=False),
    Column("ended_at", UTCTime),
)

sessions = Table(
    "sessions",
    metadata,
    identity(),
    Column("school_id", Serial, ForeignKey("schools.id"), nullable=False),
    Column("series_id", Serial, ForeignKey("series.id")),
    Column("slot", String(10), nullable=False, server_default=""),  # its local date in the series
    Column("topic", String(120), nullable=False),
    Column("place", String(120), nullable=False, server_default=""),
    Column("facilitator", String(80), nullable=False, server_default=""),
    Column("bring", String(200), nullable=False, server_default=""),
    Column("tip", String(60), nullable=False, server_default=""),  # for who could not come
    Column("starts_at", UTCTime, nullable=False, index=True),
    Column("ends_at", UTCTime, nullable=False),
    Column("status", String(10), nullable=False, server_default="planned"),  # cancelled
    Column("revision", SmallInteger, nullable=False, server_default="1"),
    Column("reminders", String(40), nullable=False, server_default="invite h1 h2"),
    Column("attendance_at", UTCTime),
    Column("by_id", Serial, ForeignKey("people.id")),
    Column("created_at", UTCTime, nullable=False),
    UniqueConstraint("series_id", "slot"),
    Index("ix_sessions_school", "school_id", "starts_at"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("session_id", Serial, ForeignKey("sessions.id"), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True),
    Column("asked_at", UTCTime),
    Column("rsvp", String(5), nullable=False, server_default=""),  # yes no
    Column("rsvp_at", UTCTime),
    Column("present", Boolean),
    Column("present_by", Serial, ForeignKey("people.id")),
    Column("present_at", UTCTime),
    Index("ix_invitations_person", "person_id", "asked_at"),
)

tags = Table(
    "tags",
    metadata,
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True),
    Column("tag", String(40), primary_key=True, index=True),
)

broadcasts = Table(
    "broadcasts",
    metadata,
    identity(),
    Column("audience", Text, nullable=False),  # broadcasts/audience.py, as it is written
    Column("body", LargeBinary, nullable=False),  # sealed; the text with its placeholders
    Column("media_id", String(32)),
    # draft asking scheduled running paused done cancelled refused
    Column("status", String(10), nullable=False),
    Column("by_id", Serial, ForeignKey("people.id")),  # none: by command
    Column("approved_by", Serial, ForeignKey("people.id")),
    Column("created_at", UTCTime, nullable=False),
    Column("approved_at", UTCTime),
    Column("starts_at", UTCTime),
    Column("expires_at", UTCTime),
    Column("frozen_at", UTCTime),  # every recipient is known
    Column("rehearsal", Text),  # what the dress rehearsal counted, JSON, no names
    Column("finished_at", UTCTime),
)

recipients = Table(
    "recipients",
    metadata,
    Column("broadcast_id", Serial, ForeignKey("broadcasts.id"), primary_key=True),
    Column("person_id", Serial, ForeignKey("people.id"), primary_key=True),
    Column("outbox_id", Serial, ForeignKey("outbox.id")),
    Column("reason", String(120), nullable=False, server_default=""),  # why she is excluded
    Index(
        "ix_recipients_open",
        "broadcast_id",
        "person_id",
        sqlite_where=text("outbox_id IS NULL AND reason = ''"),
        postgresql_where=text("outbox_id IS NULL AND reason = ''"),
    ),
)

rules = Table(
    "rules",
    metadata,
    identity(),
    Column("name", String(80), nullable=False, unique=True),
    Column("village_id", Serial, ForeignKey("villages.id")),  # none: every village
    Column("audience", Text, nullable=False, server_default=""),
    # weekly registered birth_month session checkin_sent checkin_done silent
    Column("anchor", String(16), nullable=False),
    Column("days", SmallInteger, nullable=False, server_default="0"),  # after (or before) it
    Column("weekday", SmallInteger),
    Column("hour", String(5), nullable=False),  # local
    Column("action", String(16), nullable=False),  # checkin tip nudge message visit
    Column("content", LargeBinary),  # sealed; the words of a message
    Column("when_busy", String(10), nullable=False, server_default="wait"),  # wait skip after
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", UTCTime, nullable=False),
)

join_codes = Table(
    "join_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("purpose", String(8), nullable=False, server_default="slip"),  # slip link
    Column("person_id", Serial, ForeignKey("people.id"), nullable=False, index=True),
    Column("made_at", UTCTime, nullable=False),
    Column("expires_at", UTCTime, nullable=False),
    Column("used_at", UTCTime),
)

meta = Table(
    "meta",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
