"""What Meta says of our token, number, account, webhook and templates: one question a step.

Nothing is changed by asking. The platform's own words may quote a secret, so they are not shown.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from bot.channels.channel import ChannelError
from bot.channels.whatsapp_errors import GraphError, trouble_of
from bot.preparing.steps import (
    ACCOUNT,
    NUMBER,
    PAYMENT,
    PORTFOLIO,
    PRICE,
    REGISTER,
    TEMPLATES,
    TOKEN,
    WEBHOOK,
    State,
    Step,
)
from bot.settings import Settings
from locales.templates import LANGUAGE, templates

PERMISSIONS: Final = ("whatsapp_business_messaging", "whatsapp_business_management")

FIELDS: Final = (
    "messages",
    "message_template_status_update",
    "template_category_update",
    "account_update",
    "phone_number_quality_update",
)
"""Fields of the webhook without which we are deaf, or do not learn that something stops."""

MORE_FIELDS: Final = (
    "message_template_quality_update",
    "message_template_components_update",
    "account_alerts",
    "account_review_update",
    "business_capability_update",
    "phone_number_name_update",
    "security",
)
"""Further ones that we understand."""

_ABOUT_NUMBER: Final = (
    "id,display_phone_number,verified_name,name_status,code_verification_status,status,"
    "platform_type,account_mode,quality_rating,whatsapp_business_manager_messaging_limit"
)
_ABOUT_ACCOUNT: Final = "id,name,account_review_status,business_verification_status"
_NO_PAYMENT: Final = 141006


class Graph(Protocol):
    """What is asked of the Graph API."""

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """What it tells about an object."""

    async def close(self) -> None:
        """Let go of the connections."""


class Meta:
    """One token's view. `connect` makes a client of the Graph API for another access token."""

    def __init__(self, settings: Settings, graph: Graph, connect: Callable[[str], Graph]) -> None:
        self._settings = settings
        self._graph = graph
        self._connect = connect
        self.app = ""
        """The id of our app at Meta, once the token has told it."""

    async def token(self) -> list[Step]:
        """Valid, for ever, and with both permissions."""
        what, token = "Token", self._settings.whatsapp_token.get_secret_value()
        how = "buat token pengguna sistem tanpa masa berlaku, dengan dua izin WhatsApp"
        try:
            told = (await self._graph.get("debug_token", input_token=token)).get("data", {})
        except ChannelError as error:
            if isinstance(error, GraphError) and not trouble_of(error):
                said = "masa berlaku dan izinnya tidak dapat ditanyakan"
                return [Step(what, TOKEN, State.LOOK, said, "lihat di Pengaturan Bisnis")]
            return [_failed(what, TOKEN, error, how)]
        self.app = str(told.get("app_id") or "")
        scopes = told.get("scopes") or ()
        lacking = [one for one in PERMISSIONS if one not in scopes]
        if told.get("is_valid") is not True:
            return [Step(what, TOKEN, State.MISSING, "tidak berlaku", how)]
        if lacking:
            said = f"tanpa izin {', '.join(lacking)}"
            return [Step(what, TOKEN, State.MISSING, said, how)]
        ends = told.get("expires_at")
        if isinstance(ends, int) and ends > 0:
            day = datetime.fromtimestamp(ends, UTC).astimezone(self._settings.zone).date()
            return [Step(what, TOKEN, State.MISSING, f"hanya berlaku sampai {day}", how)]
        return [Step(what, TOKEN, State.DONE, "berlaku terus, izinnya lengkap")]

    async def secret(self) -> list[Step]:
        """The app's secret signs what comes to us: a wrong one makes us deaf."""
        what = "App secret"
        key = self._settings.whatsapp_app_secret.get_secret_value().encode()
        token = self._settings.whatsapp_token.get_secret_value().encode()
        proof = hmac.new(key, token, hashlib.sha256).hexdigest()
        how = "salin App secret dari Pengaturan > Dasar milik aplikasi yang sama dengan tokennya"
        try:
            await self._graph.get(
                self._settings.whatsapp_phone_id, fields="id", appsecret_proof=proof
            )
        except ChannelError as error:
            if isinstance(error, GraphError) and "appsecret_proof" in error.said:
                said = "bukan milik aplikasi tempat token dibuat"
                return [Step(what, TOKEN, State.MISSING, said, how)]
            return [_failed(what, TOKEN, error, how)]
        return [Step(what, TOKEN, State.DONE, "cocok dengan tokennya")]

    async def account(self) -> list[Step]:
        """The WABA is ours, reviewed, of a verified organisation, and the number is in it."""
        what, waba = "Akun WhatsApp Business", self._settings.whatsapp_waba_id
        how = "periksa WHATSAPP_WABA_ID, dan beri pengguna sistem akses penuh ke akun itu"
        try:
            told = await self._graph.get(waba, fields=_ABOUT_ACCOUNT)
            listed = await self._graph.get(f"{waba}/phone_numbers", fields="id", limit="100")
        except ChannelError as error:
            return [_failed(what, ACCOUNT, error, how)]
        numbers = {str(one.get("id")) for one in _objects(listed)}
        if self._settings.whatsapp_phone_id not in numbers:
            said = "nomor di WHATSAPP_PHONE_ID bukan bagian dari akun ini"
            return [Step(what, ACCOUNT, State.MISSING, said, "samakan kedua id itu")]
        return [self._review(what, told), self._verified(told)]

    def _review(self, what: str, told: Mapping[str, Any]) -> Step:
        state = told.get("account_review_status")
        if state in ("APPROVED", None):
            return Step(
                what, ACCOUNT, State.DONE, f"{told.get('name') or ''}, nomornya ada di sini"
            )
        said = "ditolak Meta" if state == "REJECTED" else "masih diperiksa Meta"
        how = "buka WhatsApp Manager, lihat Ringkasan Akun"
        return Step(what, ACCOUNT, State.MISSING, said, how)

    def _verified(self, told: Mapping[str, Any]) -> Step:
        what = "Verifikasi lembaga"
        if told.get("business_verification_status") == "verified":
            return Step(what, PORTFOLIO, State.DONE, "selesai")
        said = "belum; sampai itu hanya 250 orang sehari yang dapat dihubungi lebih dulu"
        return Step(what, PORTFOLIO, State.LOOK, said, "selesaikan di Pusat Keamanan Meta")

    async def number(self) -> list[Step]:
        """Verified, registered for the Cloud API, with a name, in good standing."""
        what = "Nomor"
        try:
            told = await self._graph.get(self._settings.whatsapp_phone_id, fields=_ABOUT_NUMBER)
        except ChannelError as error:
            return [_failed(what, NUMBER, error, "periksa WHATSAPP_PHONE_ID")]
        shown = str(told.get("display_phone_number") or "")
        verified = told.get("code_verification_status") in ("VERIFIED", "EXPIRED")
        registered = told.get("platform_type") == "CLOUD_API" and told.get("status") == "CONNECTED"
        if told.get("account_mode") == "SANDBOX":
            said, how = f"{shown} nomor percobaan dari Meta", "tambahkan nomor milik lembaga"
            return [Step(what, NUMBER, State.MISSING, said, how)]
        if not verified and not registered:
            said, how = f"{shown} belum dibuktikan", "minta kode lewat SMS atau telepon"
            return [Step(what, NUMBER, State.MISSING, said, f"{how} di WhatsApp Manager")]
        steps = [Step(what, NUMBER, State.DONE, shown)]
        if registered:
            steps.append(Step("Pendaftaran nomor", REGISTER, State.DONE, "Cloud API, tersambung"))
        else:
            said, how = "belum di Cloud API", "kawan whatsapp register"
            steps.append(Step("Pendaftaran nomor", REGISTER, State.MISSING, said, how))
        return [*steps, _name(told), _quality(told)]

    async def health(self) -> list[Step]:
        """Whether messages may leave at all; Meta names the payment here, too."""
        what = "Boleh mengirim"
        try:
            told = await self._graph.get(self._settings.whatsapp_phone_id, fields="health_status")
        except ChannelError as error:
            return [_failed(what, PAYMENT, error, "lihat di WhatsApp Manager")]
        health, funding = told.get("health_status"), await self._funding()
        if not isinstance(health, dict):
            said = "Meta tidak menjawab tentang ini; pastikan sendiri ada cara pembayaran"
            return [Step(what, PAYMENT, State.LOOK, said, "lihat di WhatsApp Manager")]
        if health.get("can_send_message") == "AVAILABLE":
            return [Step(what, PAYMENT, State.DONE, "ya, Meta tidak menyebut halangan"), *funding]
        blocked = health.get("can_send_message") == "BLOCKED"
        state = State.MISSING if blocked else State.LOOK
        return [Step(what, *_reason(health, state))]

    async def _funding(self) -> list[Step]:
        """Whether a way of paying is seen; where Meta does not say, somebody has to look."""
        what, waba = "Cara pembayaran", self._settings.whatsapp_waba_id
        try:
            told = await self._graph.get(waba, fields="primary_funding_id") if waba else {}
        except ChannelError:
            told = {}
        if told.get("primary_funding_id"):
            return [Step(what, PAYMENT, State.DONE, "ada")]
        said = "tidak terlihat dari sini"
        return [Step(what, PAYMENT, State.LOOK, said, "pastikan sendiri di WhatsApp Manager")]

    async def webhook(self) -> list[Step]:
        """The app calls our address, for the fields that we need."""
        what, how = "Webhook", "isi alamat dan verify token di aplikasi Meta, centang bidangnya"
        if not self.app:
            return [Step(what, WEBHOOK, State.WAITS, "menunggu tokennya", how)]
        secret = self._settings.whatsapp_app_secret.get_secret_value()
        graph = self._connect(f"{self.app}|{secret}")
        try:
            told = await graph.get(f"{self.app}/subscriptions")
        except ChannelError as error:
            return [_failed(what, WEBHOOK, error, how)]
        finally:
            await graph.close()
        ours = [one for one in _objects(told) if one.get("object") == "whatsapp_business_account"]
        if not ours or ours[0].get("active") is False:
            return [Step(what, WEBHOOK, State.MISSING, "belum dipasang", how)]
        wanted = f"{self._settings.public_url}/whatsapp"
        if ours[0].get("callback_url") != wanted:
            return [Step(what, WEBHOOK, State.MISSING, "menuju alamat lain", f"isi {wanted}")]
        return [_fields(what, _names(ours[0].get("fields")))]

    async def subscription(self) -> list[Step]:
        """The account hands its events to our app."""
        what, how = "Langganan akun", "kawan whatsapp subscribe"
        try:
            told = await self._graph.get(f"{self._settings.whatsapp_waba_id}/subscribed_apps")
        except ChannelError as error:
            return [_failed(what, WEBHOOK, error, how)]
        apps = {str(one.get("whatsapp_business_api_data", one).get("id")) for one in _objects(told)}
        if not apps or (self.app and self.app not in apps):
            said = "akun ini belum mengirim kabar ke aplikasi kita"
            return [Step(what, WEBHOOK, State.MISSING, said, how)]
        return [Step(what, WEBHOOK, State.DONE, "kabar akun sampai ke aplikasi kita")]

    async def templates(self) -> list[Step]:
        """Every template that the project declares is approved."""
        what, waba = "Templat", self._settings.whatsapp_waba_id
        try:
            told = await self._graph.get(
                f"{waba}/message_templates", fields="name,language,status,category", limit="200"
            )
        except ChannelError as error:
            return [_failed(what, TEMPLATES, error, "kawan templates status")]
        there = {
            str(one.get("name")): one for one in _objects(told) if one.get("language") == LANGUAGE
        }
        absent = [name for name in templates() if name not in there]
        if absent:
            return [Step(what, TEMPLATES, State.MISSING, _some(absent), "kawan templates push")]
        waiting = [n for n in templates() if there[n].get("status") not in ("APPROVED", "ACTIVE")]
        if waiting:
            said = f"belum disetujui: {_some(waiting)}"
            return [Step(what, TEMPLATES, State.MISSING, said, "tunggu; kawan templates status")]
        filed = [n for n in templates() if there[n].get("category") == "MARKETING"]
        if filed:
            said = f"dinilai iklan oleh Meta, lebih mahal: {_some(filed)}"
            return [Step(what, TEMPLATES, State.LOOK, said, "kawan templates status")]
        return [Step(what, TEMPLATES, State.DONE, f"{len(templates())} disetujui")]


def _name(told: Mapping[str, Any]) -> Step:
    what, state = "Nama tampilan", told.get("name_status")
    shown = str(told.get("verified_name") or "")
    if state in ("APPROVED", "AVAILABLE_WITHOUT_REVIEW", None):
        return Step(what, ACCOUNT, State.DONE, shown)
    if state == "PENDING_REVIEW":
        return Step(what, ACCOUNT, State.MISSING, f"{shown} masih diperiksa Meta", "tunggu Meta")
    how = "ajukan nama yang sesuai aturan di WhatsApp Manager, lalu kawan whatsapp register"
    return Step(what, ACCOUNT, State.MISSING, f"{shown} belum disetujui", how)


def _quality(told: Mapping[str, Any]) -> Step:
    quality = str(told.get("quality_rating") or "UNKNOWN")
    limit = str(told.get("whatsapp_business_manager_messaging_limit") or "").removeprefix("TIER_")
    daily = f"{limit} orang sehari" if limit else "batas harian tidak disebut"
    if quality in ("YELLOW", "RED"):
        said = f"mutu {'menurun' if quality == 'YELLOW' else 'rendah'}, {daily}"
        how = "kurangi pesan yang tidak diminta; lihat docs/whatsapp.md"
        return Step("Mutu dan batas", PRICE, State.LOOK, said, how)
    return Step("Mutu dan batas", PRICE, State.DONE, f"baik, {daily}")


def _reason(health: Mapping[str, Any], state: State) -> tuple[str, State, str, str]:
    """Section, state, what Meta says is wrong, what to do, by the first part that is not well."""
    where = {"PHONE_NUMBER": NUMBER, "WABA": ACCOUNT, "BUSINESS": PORTFOLIO, "APP": TOKEN}
    entities = [one for one in health.get("entities") or () if isinstance(one, dict)]
    for entity in entities:
        errors = [one for one in entity.get("errors") or () if isinstance(one, dict)]
        if entity.get("can_send_message") == "AVAILABLE" and not errors:
            continue
        kind = str(entity.get("entity_type"))
        codes = [str(one.get("error_code")) for one in errors]
        if str(_NO_PAYMENT) in codes:
            said, how = "belum ada cara pembayaran yang berlaku", "tambahkan di WhatsApp Manager"
            return PAYMENT, state, said, how
        told = ", ".join(codes) or "tanpa kode"
        said = f"dibatasi Meta pada {kind} ({told})"
        return where.get(kind, ACCOUNT), state, said, "buka WhatsApp Manager, baca pesannya"
    return ACCOUNT, state, "dibatasi Meta", "buka WhatsApp Manager, baca pesannya"


def _fields(what: str, known: frozenset[str]) -> Step:
    lacking = [one for one in FIELDS if one not in known]
    if lacking:
        how = f"centang {', '.join(lacking)}"
        return Step(what, WEBHOOK, State.MISSING, "bidangnya kurang", how)
    more = [one for one in MORE_FIELDS if one not in known]
    if more:
        how = f"centang juga {', '.join(more)}"
        return Step(what, WEBHOOK, State.LOOK, "terpasang; ada bidang yang berguna", how)
    return Step(what, WEBHOOK, State.DONE, "terpasang, semua bidang dicentang")


def _failed(what: str, section: str, error: ChannelError, how: str) -> Step:
    """One clear line; the platform's own words may quote a secret, so they are not shown."""
    if isinstance(error, GraphError):
        said = trouble_of(error) or f"ditolak Meta ({error.reason})"
        return Step(what, section, State.MISSING, said, how)
    said = f"Meta tidak dapat dihubungi ({error.reason})"
    how = "periksa internet server dan WHATSAPP_API_URL, lalu ulangi"
    return Step(what, section, State.MISSING, said, how)


def _objects(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in told.get("data") or () if isinstance(one, dict)]


def _names(fields: Any) -> frozenset[str]:
    """Of `[{"name": "messages", "version": "v26.0"}]`, or of a plain list of names."""
    listed = fields if isinstance(fields, list) else []
    return frozenset(str(one.get("name") if isinstance(one, dict) else one) for one in listed)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return f"{shown} dan {len(names) - 4} lagi" if len(names) > 4 else shown
