"""The peer: our notice and six questions, as python-telegram-bot's own examples would ask them.

ConversationHandler, PicklePersistence and the default HTTPXRequest, nothing tuned and nothing
taken away. It reads the same environment as our bot: TELEGRAM_API_URL, TELEGRAM_TOKEN, DATA_DIR.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telegram import ReplyKeyboardMarkup, ReplyKeyboardRemove, Update
from telegram.ext import (
    Application,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)

Context = ContextTypes.DEFAULT_TYPE
Handler = Callable[[Update, Context], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; without options any text is an answer."""

    name: str
    text: str
    options: tuple[str, ...] = ()

    @property
    def markup(self) -> ReplyKeyboardMarkup | ReplyKeyboardRemove:
        if not self.options:
            return ReplyKeyboardRemove()
        return ReplyKeyboardMarkup([[option] for option in self.options], one_time_keyboard=True)


QUESTIONS = (
    Question("usia", "Assalamu'alaikum. Usia sudah 18 tahun?", ("Sudah", "Belum")),
    Question(
        "disimpan",
        "Yang kami simpan: panggilan, desa, jawaban, serta panggilan, tahun lahir, dan kabar anak."
        " Gunanya untuk mendampingi pengasuhan. Isi obrolan disimpan 90 hari, jawaban 24 bulan.",
        ("Lanjut",),
    ),
    Question(
        "setuju",
        "Kapan saja boleh berhenti, minta lihat atau betulkan, atau hapus data. Boleh kami simpan"
        " dan kirim pesan?",
        ("Boleh", "Tidak boleh", "Tanya petugas dulu"),
    ),
    Question(
        "sebagai",
        "Terima kasih. Setuju sebagai siapanya anak?",
        ("Ibu atau bapaknya", "Wali resmi", "Keluarga yang mengasuh", "Tidak mengasuh anak"),
    ),
    Question(
        "sapaan",
        "Senang bisa kenal. Lebih suka dipanggil apa?",
        ("Mbah", "Eyang", "Nenek", "Kakek", "Ebok", "Ibu", "Bapak", "Bude", "Pakde"),
    ),
    Question("desa", "Tinggal di desa mana?"),
    Question(
        "hubungan",
        "Siapanya anak yang diasuh?",
        ("Nenek", "Kakek", "Ibu", "Bapak", "Bibi atau paman", "Kakak", "Tetangga", "Lainnya"),
    ),
)


async def _say(update: Update, text: str, markup: Any = None) -> None:
    if update.effective_message:
        await update.effective_message.reply_text(text, reply_markup=markup)


async def start(update: Update, context: Context) -> int:
    await _say(update, QUESTIONS[0].text, QUESTIONS[0].markup)
    return 0


def step(number: int) -> Handler:
    """Keeps the answer to one question and asks the next."""

    async def answered(update: Update, context: Context) -> int:
        question = QUESTIONS[number]
        text = (update.effective_message and update.effective_message.text) or ""
        if question.options and text not in question.options:
            await _say(update, "Mohon pilih salah satu.", question.markup)
            return number
        if context.user_data is not None:
            context.user_data[question.name] = text
        if number + 1 == len(QUESTIONS):
            await _say(update, "Terima kasih, sudah terdaftar.", ReplyKeyboardRemove())
            return ConversationHandler.END
        following = QUESTIONS[number + 1]
        await _say(update, following.text, following.markup)
        return number + 1

    return answered


async def cancel(update: Update, context: Context) -> int:
    await _say(update, "Baik, sampai lain waktu.", ReplyKeyboardRemove())
    return ConversationHandler.END


def build() -> Application[Any, Any, Any, Any, Any, Any]:
    url = os.environ["TELEGRAM_API_URL"]
    store = PicklePersistence(Path(os.environ["DATA_DIR"]) / "conversation.pickle")
    application = (
        Application.builder()
        .token(os.environ["TELEGRAM_TOKEN"])
        .base_url(f"{url}/bot")
        .base_file_url(f"{url}/file/bot")
        .persistence(store)
        .build()
    )
    answers = filters.TEXT & ~filters.COMMAND
    application.add_handler(
        ConversationHandler(
            entry_points=[CommandHandler("start", start)],
            states={
                number: [MessageHandler(answers, step(number))] for number in range(len(QUESTIONS))
            },
            fallbacks=[CommandHandler("cancel", cancel)],
            name="door",
            persistent=True,
        )
    )
    return application


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    build().run_polling(allowed_updates=Update.ALL_TYPES)


if __name__ == "__main__":
    main()
