"""Our bot at the door: consent and the three questions, as a newcomer really meets them."""

import shlex
import sys

from tests.bench.candidates import Candidate
from tests.fakes.people import ASIDE, Script

SCRIPT = Script.of_lines(
    [
        ("Usia sudah 18 tahun?", 1),
        ("Yang kami simpan", ASIDE),
        ("Penanggung jawab data", ASIDE),
        ("Boleh kami menyimpan", 1),
        ("Setuju sebagai siapanya", 3),
        ("dipanggil apa", 1),
        ("desa mana", "Ledokombo"),
        ("Siapanya anak yang diasuh", 1),
        ("Sudah terdaftar", None),
    ],
    newcomers=True,
)

OURS = Candidate(
    name="Kawan Asuh", command=f"{shlex.quote(sys.executable)} -m bot run", script=SCRIPT
)
