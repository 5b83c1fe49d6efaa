"""Replies as people really type them, and what the bot takes them to mean.

The table was written before the code; two thirds were used for tuning and every third reply was
kept aside until the first score. Days and times have a file of their own.
"""

from datetime import date
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import reading
from locales.words import WordListError, merge, words

REPLIES: dict[tuple[str, Any], str] = {
    ("yes_no", "yes"): """
        ya | Ya. | iya | iyaaa | IYA MBAK | iy | y | yaa | iyo | yo mbak | ok | oke siap | okeee
        sip
        betul | bener mbak | benar bu | setuju | sudah | sdh | udh | udah kok | suda | sudh mbak
        uwis
        wis mbak | sampun | inggih, sampun | nggih | nggih mbak | njih | enggi | engghi | enggih pak
        iyeh | iye' | muhun | sumuhun | leres | saged | saged mbak | bisa | bs | bisa bu 🙏 | boleh
        mau | purun | insya Allah bisa | insyaallah hadir | inshaallah saya datang | 👍 | 👍🏽 | ✅
        👌👌
        ada | wonten | pernah | sudah pernah | alhamdulillah sudah | ya sudah | iya betul sekali
        ya saya mau | sudah kemarin | kemarin sudah mbak | tadi pagi sudah | imunisasinya sudah
        iyh | iyya | yes | ya allah iya mbak | iya tadi sudah ke posyandu sama bu kader makasih ya
        oh iya | sudah 2 kali | ya, jam 4 | tidak eh iya | siap bu | iya boleh silakan | b3nar
        sud4h
        ya bisa nanti sore | nggih saged | inggih leres | iya dong | sudahhh | sudha mbak
        jelas bisa
        cucu saya sudah ke posyandu | ibunya sudah nelpon semalam""",
    ("yes_no", "no"): """
        tidak | tdk | gk | ga | gak | g | nggak | enggak mbak | ndak | nda | tak | ngga bu | gaaak
        belum | blm | blom | belom sempat | belum pernah | dereng | dereng mbak | durung | gurung
        mboten | mboten mbak, ngapunten | boten | ora | ora bisa | moal | henteu | teu acan
        bunten | bhunten | lo' | ta' | lo\u2019 bisa | ta\u2019 bisa mbak | ya ndak bisa mbak
        nggih mboten saged
        ya belum mbak | ya gak bisa bu maaf | iya tidak bisa datang | tidak bisa | gak mau
        tidak ada
        gak pernah | tdk prnh | bukan | bkn | jangan | ojo | emoh | no | 👎 | ❌ | tidak 🙏
        maaf tidak
        maaf mbak saya tidak bisa hadir | sudah tidak | udah gak lagi | tidak ya mbak | ndak nggih
        sama sekali tidak | tidak sama sekali | tidak, ada acara | belum, besok mau ke posyandu
        tidak jadi | gak jadi ikut | kemarin kami tidak datang | ya nggak lah | t1dak | b3lum
        tidaaak
        tidk | blum | belm mbak | nggih dereng | sampun mboten | tidak tidak | gak, gak mau
        cucu saya belum mau | bapaknya belum nelpon | ya eh tidak | salah | tidak ada apa-apa
        mboten wonten
        tidak akan | nggak bisa mbak lagi repot | ogah | gak pernah absen""",
    ("yes_no", None): """
        enten | enten mbak | beli | beli mbak | mungkin | insya Allah | insyaallah mbak
        lihat nanti
        nanti dulu | nanti saya kabari | ya tidak | iya tidak | ya atau tidak | ya/tidak
        maksudnya apa?
        apa mbak | bukan tidak mau | tidak bukan | tidak tahu | gak tau | ndak ngerti | entah
        kadang-kadang
        kadang | jarang | belum tentu | belum tahu | bisa jadi | tergantung | tidak apa-apa
        gpp | gak papa
        hmm | halo | assalamualaikum | 🙏 | 😊 | terima kasih | 1 | 12 | ??? | ... |
        anak saya sakit
        gimana ya | kenapa? | sudah belum? | sudah apa belum | mau tanya mbak | siapa ini | kapan
        mungkin bisa | kayaknya iya | semoga bisa | ragu | bisa gak ya | ya ampun
        besok saya pikir dulu
        tidak yakin | sudah tapi belum selesai | mau tapi tidak bisa | saya di pasar
        tidak bisa tidak
        kurang tahu | mbuh | ampun | iya apa tidak | sebentar | tunggu""",
    (
        "scale_1_5",
        1,
    ): "1 | satu | siji | nomer 1 | 1 aja | hiji | setunggal | ⭐ | 1️⃣ | nilai 1 | stu",
    ("scale_1_5", 2): "2 | dua | loro | kalih mbak | no 2 | dua' | dua aja | 2/5 | duwa | angka 2",
    ("scale_1_5", 3): """
        3 | tiga | telu | tello' | ⭐⭐⭐ | 3️⃣ | tiga mbak | tiga saja | tgia | 3 bintang
        kira-kira 3
        bukan 2 tapi 3 | 2 eh 3 | no. 3 | (3) | 3 (tiga) | pilihan nomor tiga | tilu""",
    ("scale_1_5", 4): """
        4 | empat | papat | sekawan | empa' | 4/5 | nilai 4 | saya kasih 4 | 4 dari 5 | opat | ampat
        dari 1 sampai 5 saya pilih 4 | yg ke-4 | 4!! | ٤""",
    (
        "scale_1_5",
        5,
    ): "5 | lima | limo | lema' | gangsal | 5 bintang mbak | lima jempol | ⭐⭐⭐⭐⭐ | 5/5 | 5 👍",
    ("scale_1_5", None): """
        0 | nol | 6 | 10 | enam | -1 | 1 atau 2 | 1 sampai 2 | 3-4 | 3,5 | 3.5 | tiga setengah | III
        baik | 3 4 | 45 | bukan 3 | a | 😊 | | 4/10 | lebih dari 3 | 3 tahun | dua puluh
        lima belas | 3 anak
        dua atau tiga lah | ya | 1000000 | tiga empat | salah satu | ⭐⭐⭐⭐⭐⭐
        antara 2 dan 4""",
    ("choice_of_4", 1): """
        1 | satu | nomer 1 | yang pertama | pertama | a | yg A | opsi a | kesatu | sing siji
        nomer siji
        nomor satu mbak | paling atas | kahiji | pilih 1""",
    ("choice_of_4", 2): """
        2 | dua | nomer 2 | no 2 | no2 | nomer2 | yang kedua | yg kedua | pilihan nomor dua
        dua aja | b | B.
        nomer dua | ke 2 | ke-2 | kadua | sing nomer loro | yang nomor dua saja mbak | nmr 2
        jawabannya 2
        kedua | saya pilih b | nomer 2 mbak, cucu saya 3 tahun | pilihan ke dua | kalih""",
    ("choice_of_4", 3): """
        3 | no 3 | no.3 | ketiga | yang ketiga | c | huruf c | pilihan c | nomor tiga
        yg ke tiga | tigaa
        sing telu | nu katilu | 3 mbak 🙏 | nomor dua eh tiga | kedua dari bawah""",
    (
        "choice_of_4",
        4,
    ): """
        4 | empat | yang terakhir | terakhir | d | keempat | yg ke 4 | nomer papat
        paling bawah | D aja""",
    ("choice_of_4", None): """
        5 | 0 | 1 atau 2 | 1 dan 2 | 1-3 | 12 | e | semua | keduanya | dua-duanya | tidak ada
        bukan yang kedua
        terserah | apa saja | yang mana ya | tidak tahu | selain 1 | nomor lima | 1,2 | | kelima
        ab | salah satu""",
    ("age_years", 0): """
        baru lahir | 5 minggu | bayi 6 bln | 0 | 6 bulan | 11 bln | 40 hari | hampir 1 tahun
        hampir setahun
        setengah tahun | belum setahun | enem sasi | 3bln""",
    (
        "age_years",
        1,
    ): """
        1 | setahun | 18 bulan | setahun setengah | 1,5 tahun | 1.5 th | satu tahun | 12 bulan
        1 th 2 bln | hampir 2 tahun | sataon | 23 bulan""",
    (
        "age_years",
        2,
    ): """
        2 | dua setengah tahun | 2 th | dua taun | 2 tahun lebih | 2 1/2 tahun | 2½ tahun
        rong taun | jalan 3 tahun | 30 bulan""",
    (
        "age_years",
        3,
    ): """
        3 th | 3 tahun 8 bulan | tiga tahun | 3thn | telung taun | tello' taon
        umurnya 3 tahun mbak | telu""",
    (
        "age_years",
        4,
    ): """
        mau 5 | hampir 5 tahun | 4 tahun | patang taun | meh 5 taun | 5 tahun kurang sebulan
        empat thn jalan | 4 jalan 5""",
    (
        "age_years",
        5,
    ): """
        5 | lima tahun | umur 5 | lema taon | lema | limang taun | kira-kira 5 tahun | usia 5 th
        gangsal tahun | 5 tahun 3 bulan | cucu saya dua, yang ini 5 tahun""",
    (
        "age_years",
        7,
    ): """
        7 | tujuh | pitung taun | umur 7 jalan 8 | 7 mau 8 | pitu | petto' taon
        7 tahun kelas 1 SD | kelas 1, umur 7 | umur7 | tujuh tahun lebih dikit""",
    ("age_years", 10): "sepuluh | 10 th | sepuluh tahun | sedasa taun | sapolo taon",
    ("age_years", 12): "12 | dua belas tahun | rolas taun | umur dua belas | 12 tahun 6 bulan",
    ("age_years", 67): "67 | enam puluh tujuh | 67 tahun | umur saya 67 tahun mbak | sewidak pitu",
    ("age_years", None): """
        kelas 2 SD | lahir 2019 | umur 6-7 | 6 atau 7 tahun | 150 | 500 tahun | 121 | tidak tahu
        lupa | TK B
        masih kecil | SMP | kurang dari 3 tahun | lebih dari 5 tahun | 5 tahun dan 7 tahun
        | 6 7 tahun | -3
        60an | belum 2 tahun | sudah besar | yang besar 7 yang kecil 4 | anak ke 2 | 2-3 tahun""",
    (
        "children_count",
        0,
    ): """
        0 | ga ada | tidak punya | belum punya anak | nol | mboten gadhah | ora duwe
        tidak ada mbak | kosong | belum ada""",
    (
        "children_count",
        1,
    ): """
        1 | satu | cuma satu | siji tok | 1 anak | seorang | anak tunggal | satu saja mbak
        hanya 1 orang | cuma 1 cucu""",
    ("children_count", 2): """
        2 | dua anak | loro | 1 laki 1 perempuan | 2 orang | kembar dua | dua mbak | kalih
        satu laki-laki satu perempuan
        2 anak, 1 laki 1 perempuan | dua orang cucu | duwa' | laki satu perempuan satu
        2, umur 5 dan 7
        dua, yang besar 7 tahun yang kecil 4 tahun | sepasang | 2 aja""",
    (
        "children_count",
        3,
    ): """
        3 | anak saya tiga | 3 orang | telu | tiga cucu | tello' | 1 laki-laki 2 perempuan
        cucu saya ada 3 | tilu | kembar tiga | 3 bocah""",
    (
        "children_count",
        4,
    ): "empat | 4 anak mbak | papat | 2 cowok 2 cewek | sekawan | cucu saya empat orang semuanya",
    ("children_count", None): """
        2 cucu 1 anak | kembar | dua, satu lagi di pondok | banyak | 2 atau 3 | 2-3 | berdua
        anak ke 2 | 100 | -2
        4 anak, 2 sudah nikah | 3 anak 1 laki 1 perempuan | tidak tahu | | lebih dari 2 | 2,5
        umur 5 tahun
        dua duanya | anak2 | ya | mau 3 | anak 2 cucu 3""",
    ("phone", "+6281234567890"): """
        081234567890 | 0812-3456-7890 | 0812 3456 7890 | 0812.3456.7890 | +62 812-3456-7890
        6281234567890
        0062 812 3456 7890 | nomor saya 0812-3456-7890 ya | wa 081234567890 mbak
        +6281234567890 | 81234567890
        nol delapan satu dua tiga empat lima enam tujuh delapan sembilan nol | O81234567890
        (0812) 3456 7890
        +62 0812 3456 7890
        kosong lapan satu dua tiga empat lima enam tujuh delapan sembilan kosong
        081234567890, sama dengan +6281234567890 | No.HP:081234567890
        0812 3456 7890 punya cucu saya umur 12""",
    ("phone", "+60123456789"): "+60123456789 | +60 12-345 6789 | 0060123456789 | 60123456789",
    ("phone", "+85291234567"): "+852 9123 4567 | 0085291234567",
    ("phone", "+886912345678"): "+886 912 345 678 | 00886912345678",
    ("phone", "+966501234567"): "+966 50 123 4567 | +966501234567",
    ("phone", "+62331123456"): "0331 123456 | (0331) 123456 | 0331-123456",
    ("phone", None): """
        0812345 | 12345 | tidak punya | 081234567890 atau 081398765432 | 119 | 3509123456780001
        25-11-2026
        | nomor saya | ganti hp | 0812-3456-7890 / 0813-9876-5432 | 08 | nol delapan satu | 129""",
    ("intent", "stop"): """
        stop | berhenti | BERHENTI | Stop mbak | berhenti ya | jangan kirim lagi
        udah cukup mbak jangan wa lagi
        unsubscribe | mandeg | ampun dikirimi maleh | tolong berhenti kirim pesan
        gak usah kirim pesan lagi
        saya mau berhenti | stop kirim wa | ojo ngirim maneh | berhenti langganan
        saya tidak mau dikirimi pesan lagi
        jangan chat saya lagi | keluar dari program | tidak mau ikut program ini lagi | stop!!!
        setop | brhenti
        berhnti | mohon jangan hubungi saya lagi | tidak usah wa wa lagi bu
        saya mau berhenti ikut program ini
        mboten usah dikirimi malih | hentikan pesan ini | jangan ganggu saya lagi | st0p""",
    ("intent", "help"): """
        help | bantuan | BANTUAN | tolong bantu saya | bingung | ini gimana caranya | bantu
        minta bantuan
        saya bingung mbak | gak paham | tidak mengerti | cara pakainya gimana | butuh bantuan
        tolong saya
        gimana cara jawabnya | ora ngerti | bantuan dong | bantuann | ini maksudnya gimana
        mboten paham
        tolong dibantu mbak | caranya bagaimana | help me | saya tidak tahu caranya""",
    ("intent", "menu"): """
        menu | MENU | balik ke menu | kembali ke menu utama | menu utama | ke menu | lihat menu
        mau lihat menu mbak
        menunya mana | menu awal | tampilkan menu | menu dong | mneu | buka menu
        munculkan menu lagi""",
    ("intent", None): """
        berhenti sekolah | anak saya berhenti menangis | hujan sudah berhenti
        tolong, anak saya jatuh | ya | 2
        anak saya berhenti sekolah sejak bulan lalu | menu makan siang apa | butuh bantuan beras
        kapan bantuan PKH cair
        cucu saya bingung | jangan lupa kirim pesan | jangan berhenti kirim pesan
        cucu suka menu telur | halo
        saya berhenti kerja | dia tidak mau ikut sekolah lagi | tolong ambilkan air
        | sudah cukup makan
        batuknya sudah berhenti | bingung menghadapi cucu | terima kasih bantuannya
        jangan pukul anak
        cucu tidak mau makan lagi | stop bullying di sekolah | ibunya tidak kirim uang lagi
        cucu main hp tidak mau berhenti
        ibunya jarang kirim pesan | bapaknya jangan dihubungi dulu soal ini""",
}


def listed(replies: dict[Any, str]) -> list[tuple[Any, str]]:
    """(key, reply) for every reply of a table written with "|" and line ends between them."""
    return [
        (key, reply.strip())
        for key, block in replies.items()
        for line in block.strip().splitlines()
        for reply in line.split("|")
    ]


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in REPLIES}))
def test_replies_are_read_as_a_kind_person_would(kind: str) -> None:
    replies = [(key[1], reply) for key, reply in listed(REPLIES) if key[0] == kind]

    misread = {
        reply: (wanted, got)
        for wanted, reply in replies
        if (got := reading.read(kind, reply)) != wanted
    }

    assert misread == {}


@pytest.mark.parametrize("word", sorted(words().ambiguous))
def test_a_word_with_two_meanings_is_asked_again(word: str) -> None:
    assert reading.yes_no(f"{word} mbak") is None


def test_a_birth_month_needs_today_and_must_be_unambiguous() -> None:
    today = date(2026, 11, 18)

    ages = [
        reading.age_years(reply, today)
        for reply in ("lahir mei 2019", "lahir 12-05-2019", "lahir november 2019", "lahir 2019")
    ]

    assert ages == [7, 7, None, None]
    assert reading.age_years("lahir mei 2019") is None


@pytest.mark.parametrize(
    ("reply", "wish"),
    [
        ("kembali", "back"),
        ("lewati", "skip"),
        ("nanti lagi ya", "pause"),
        ("lanjut mbak", "resume"),
        ("hapus data saya", "erase"),
        ("saya tidak aman", "unsafe"),
    ],
)
def test_other_wishes_are_known_to_the_dialogue_but_not_printed(reply: str, wish: str) -> None:
    assert reading.intent(reply) == wish
    assert reading.read("intent", reply) is None


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="yes_no"):
        reading.read("mood", "ya")


def test_only_the_first_thousand_characters_are_read() -> None:
    assert reading.yes_no(" " * 1_000 + "ya") is None


def test_a_word_with_two_meanings_in_one_table_is_refused_by_name() -> None:
    lists = [
        ("a/words.toml", '[answers]\nyes = ["ha"]'),
        ("b/words.toml", '[answers]\nno = ["ha"]'),
    ]

    with pytest.raises(WordListError, match=r'b/words\.toml: "ha" in \[answers\]'):
        merge(lists)


def test_a_word_listed_as_ambiguous_loses_its_meanings() -> None:
    lists = [
        ("a", '[ambiguous]\nha = "two"\n[answers]\nyes = ["ha", "ho"]'),
        ("b", '[answers]\nno = ["ha"]'),
    ]

    merged = merge(lists)

    assert merged["answers"].get("ha") is None
    assert merged["answers"].get("ho") == "yes"


@pytest.mark.parametrize(
    "text", ['yes = ["ha"]', '[answers]\nyes = "ha"', '[answers]\nyes = ["Ha"]', "[answers"]
)
def test_a_malformed_list_is_refused_with_its_file(text: str) -> None:
    with pytest.raises(WordListError, match=r"mine\.toml"):
        merge([("mine.toml", text)])


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_no_text_makes_a_reader_fail(text: str) -> None:
    for kind in reading.KINDS[:-1]:
        reading.read(kind, text)
    reading.number(text)
    reading.decimal_number(text)
    reading.normalise(text)
    reading.choice(text, ("sehat", "sakit ringan", "2 hari"))
    reading.several(text, ("beras", "obat"))


PIECES = sorted(word for table in words().tables.values() for word in table.meanings)


@given(st.lists(st.sampled_from([*PIECES, *"0123456789,.-/+?", "👍", "\0"]), max_size=25))
def test_no_mixture_of_listed_words_makes_a_reader_fail(pieces: list[str]) -> None:
    reply = " ".join(pieces)

    for kind in reading.KINDS[:-1]:
        reading.read(kind, reply)
    reading.age_years(reply, date(2026, 11, 18))
    reading.several(reply, ("beras", "obat", "sepatu"))


@pytest.mark.parametrize(
    "text",
    ["ya " * 2_000, "9" * 5_000, "1 dan " * 1_000, "a" * 5_000, "zx qw " * 900, "\0" * 5_000],
)
def test_a_very_long_reply_costs_little(text: str) -> None:
    for kind in reading.KINDS[:-1]:
        reading.read(kind, text)
    began = perf_counter()

    for kind in reading.KINDS[:-1]:
        reading.read(kind, text)

    assert perf_counter() - began < 0.25
