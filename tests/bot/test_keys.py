"""Keys: made once, private, given back, never replaced where data depends on them."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from bot import keys
from bot.keys import KeysError
from bot.settings import Settings
from storage.sealing import new_key


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(data_dir=folder, _env_file=None, **more)


def test_the_first_run_makes_keys_that_only_their_owner_can_read(tmp_path: Path) -> None:
    made = keys.load(settings(tmp_path))

    path = tmp_path / "contoh" / "keys"
    assert made.made == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert made.vault().open(made.vault().seal(b"a", b"x"), b"x") == b"a"


def test_the_second_run_finds_the_same_keys_and_gives_no_advice(tmp_path: Path) -> None:
    first = keys.load(settings(tmp_path))

    second = keys.load(settings(tmp_path))

    assert (second.secret, second.encryption) == (first.secret, first.encryption)
    assert second.made is None


def test_a_file_that_others_could_read_is_closed_again(tmp_path: Path) -> None:
    keys.load(settings(tmp_path))
    path = tmp_path / "contoh" / "keys"
    path.chmod(0o644)

    keys.load(settings(tmp_path))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_from_the_environment_leave_no_file(tmp_path: Path) -> None:
    newest, older = new_key(), new_key()

    given = keys.load(settings(tmp_path, secret_key="s", encryption_keys=f"{newest}, {older}"))

    assert given.encryption == (newest, older)
    assert not (tmp_path / "contoh").exists()


def test_lost_keys_are_not_replaced_where_a_database_needs_them(tmp_path: Path) -> None:
    folder = tmp_path / "contoh"
    folder.mkdir()
    (folder / "kawan.db").write_bytes(b"")

    with pytest.raises(KeysError, match="kembalikan berkas kunci"):
        keys.load(settings(tmp_path))

    assert not (folder / "keys").exists()


def test_a_key_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    given = keys.load(settings(tmp_path, secret_key="s", encryption_keys="terlalu-pendek"))

    with pytest.raises(KeysError, match="ENCRYPTION_KEYS"):
        given.vault()


def test_a_new_key_goes_before_the_old_ones_and_they_stay(tmp_path: Path) -> None:
    first = keys.load(settings(tmp_path))
    sealed = first.vault().seal(b"a", b"x")

    renewed = keys.add(settings(tmp_path))

    assert renewed.encryption[1:] == first.encryption
    assert keys.load(settings(tmp_path)).encryption == renewed.encryption
    assert renewed.vault().open(sealed, b"x") == b"a"
    assert not renewed.vault().is_newest(sealed)


def test_keys_in_the_environment_are_not_changed_by_us(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="ENCRYPTION_KEYS ada di lingkungan"):
        keys.add(settings(tmp_path, secret_key="s", encryption_keys=new_key()))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "contoh").write_text("a file where a folder should be")

    with pytest.raises(KeysError, match="contoh"):
        keys.load(settings(tmp_path))
