"""Cache entries are written once and complete, however many processes need them."""

import subprocess
import sys

import pytest

from opora.errors import InputError
from opora.models import file_cache as cache

make = cache.cached.__wrapped__
"""The function without its cache in this process."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OPORA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(folder):
    (folder / "weights").write_text("good")


@pytest.mark.parametrize("damage", [lambda f: f.write_text("bad!"), lambda f: f.unlink(), lambda f: f.write_text("")])
def test_a_damaged_entry_is_written_again(damage, capsys):
    folder = make("entry", write)
    damage(folder / "weights")
    assert (make("entry", write) / "weights").read_text() == "good"
    assert "is damaged and will be written again" in capsys.readouterr().err


def test_an_intact_entry_is_not_written_again(own_folder, capsys):
    make("entry", write)
    capsys.readouterr()
    assert make("entry", lambda folder: pytest.fail("written twice")) == own_folder / "entry"
    assert capsys.readouterr().err == ""


def test_an_interrupted_write_leaves_no_entry(own_folder):
    def fail(folder):
        write(folder)
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        make("entry", fail)
    assert not (own_folder / "entry").exists()
    assert (make("entry", write) / "weights").read_text() == "good"


def test_processes_wait_for_each_other(own_folder):
    program = (
        "import time; from opora.models.file_cache import cached\n"
        "def write(folder):\n    time.sleep(0.5); (folder / 'weights').write_text('good')\n"
        "print((cached('entry', write) / 'weights').read_text())"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate() for process in running]
    assert [out for out, _ in outputs] == ["good\n"] * 3
    assert sum("once" in err for _, err in outputs) == 1


def test_the_folder_of_the_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("OPORA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "opora"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / ".cache" / "opora"


def test_the_error_of_an_unwritable_cache_names_the_variable(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OPORA_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match="set OPORA_CACHE"):
        make("entry", write)
