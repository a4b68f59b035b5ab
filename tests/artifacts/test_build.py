"""An artefact is whole or absent, whatever happens to the process that makes it."""

import signal
import subprocess
import sys
import textwrap

import pytest

from opora.artifacts import Build, fingerprint_of_file, read_manifest
from opora.artifacts import checksums as damage
from opora.errors import InputError
from opora.validation import Settings


class Some(Settings):
    size: int = 1


def make(out, settings=None, inputs=None, text="x"):
    with Build(out, "some", settings or Some(), inputs or {}) as build:
        (build.path / "a.txt").write_text(text)
        return build.publish(counts={"rows": 1})


def test_a_finished_build_is_known_by_its_settings_and_inputs(tmp_path):
    out = tmp_path / "out"
    manifest = make(out)
    assert Build(out, "some", Some(), {}).finished == manifest
    assert Build(out, "some", Some(size=2), {}).finished is None
    assert Build(out, "some", Some(), {"corpus": "1"}).finished is None
    assert Build(out, "other", Some(), {}).finished is None


def test_the_same_content_has_the_same_fingerprint(tmp_path):
    first, second, third = (make(tmp_path / name, text=text) for name, text in [("a", "x"), ("b", "x"), ("c", "y")])
    assert first.fingerprint == second.fingerprint != third.fingerprint
    assert first.files == {"a.txt": fingerprint_of_file(tmp_path / "a" / "a.txt")}


def test_volatile_files_stay_out_of_the_fingerprint(tmp_path):
    prints = set()
    for name in ("a", "b"):
        with Build(tmp_path / name, "some", Some(), {}) as build:
            (build.path / "seconds").write_text(name)
            prints.add(build.publish(volatile=frozenset({"seconds"})).fingerprint)
    assert len(prints) == 1


def test_nothing_is_there_before_publish(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(RuntimeError), Build(out, "some", Some(), {}) as build:
        (build.path / "a.txt").write_text("half")
        raise RuntimeError
    assert not out.exists()
    with pytest.raises(InputError, match="unfinished"):
        read_manifest(out)


def test_an_old_artefact_stays_until_the_new_one_is_whole(tmp_path):
    out = tmp_path / "out"
    make(out)
    with pytest.raises(RuntimeError), Build(out, "some", Some(size=2), {}):
        raise RuntimeError
    assert read_manifest(out).settings == {"size": 1}
    make(out, Some(size=2), text="new")
    assert (out / "a.txt").read_text() == "new"


def test_other_settings_begin_anew(tmp_path):
    out = tmp_path / "out"
    with Build(out, "some", Some(), {}) as build, build.journal("rows") as journal:
        journal.put("a", 1)
    with Build(out, "some", Some(), {}) as build, build.journal("rows") as journal:
        assert build.resumed
        assert journal.get("a") == 1
    with Build(out, "some", Some(size=2), {}) as build, build.journal("rows") as journal:
        assert not build.resumed
        assert journal.get("a") is None


def test_two_processes_do_not_build_one_artefact(tmp_path):
    with (
        Build(tmp_path / "out", "some", Some(), {}),
        pytest.raises(InputError, match="another opora process"),
        Build(tmp_path / "out", "some", Some(), {}),
    ):
        pass


def test_a_swap_killed_half_way_is_finished(tmp_path):
    out = tmp_path / "out"
    make(out)
    out.rename(tmp_path / ".out.old")
    assert read_manifest(out).settings == {"size": 1}


@pytest.mark.parametrize(
    ("content", "message"), [("{", "not JSON"), ('{"stage": "x"}', "is missing"), (None, "does not exist")]
)
def test_a_damaged_manifest_is_one_line(tmp_path, content, message):
    if content:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "manifest.json").write_text(content)
    with pytest.raises(InputError, match=message):
        read_manifest(tmp_path / "out")


def test_journalled_rows_survive_kill_9(tmp_path):
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from opora.artifacts import Build
        from opora.validation import Settings
        with Build(Path(sys.argv[1]), "some", Settings(), {}) as build, build.journal("rows") as journal:
            for number in range(5):
                journal.put(str(number), number)
            print("written", flush=True)
            time.sleep(60)
    """)
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", script, str(out)], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with Build(out, "some", Settings(), {}) as build, build.journal("rows") as journal:
        assert dict(journal.items()) == {str(number): number for number in range(5)}


def test_a_file_that_goes_while_it_is_looked_at_is_damage(tmp_path, monkeypatch):
    (tmp_path / "rows").write_text("a")
    marks, mark = damage.mark_files(tmp_path), damage._mark

    def mark_of_what_goes(path):
        path.unlink()
        return mark(path)

    monkeypatch.setattr(damage, "_mark", mark_of_what_goes)
    assert damage.find_damage(tmp_path, marks) == ["rows"]
