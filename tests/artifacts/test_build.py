"""An artefact is complete or absent, whatever happens to the process that makes it."""

import json
import signal
import subprocess
import sys
import textwrap

import pytest

from opora.artifacts import Build, checksums, fingerprint_of_file, read_manifest
from opora.errors import InputError
from opora.validation import Settings


class SomeSettings(Settings):
    size: int = 1


def make(out, settings=None, inputs=None, text="x"):
    with Build(out, "some", settings or SomeSettings(), inputs or {}) as build:
        (build.path / "a.txt").write_text(text)
        return build.publish(counts={"rows": 1})


def test_settings_and_inputs_identify_a_finished_build(tmp_path):
    out = tmp_path / "out"
    manifest = make(out)
    assert Build(out, "some", SomeSettings(), {}).finished == manifest
    assert Build(out, "some", SomeSettings(size=2), {}).finished is None
    assert Build(out, "some", SomeSettings(), {"corpus": "1"}).finished is None
    assert Build(out, "other", SomeSettings(), {}).finished is None


def test_the_same_content_has_the_same_fingerprint(tmp_path):
    first, second, third = (make(tmp_path / name, text=text) for name, text in [("a", "x"), ("b", "x"), ("c", "y")])
    assert first.fingerprint == second.fingerprint != third.fingerprint
    assert first.files == {"a.txt": fingerprint_of_file(tmp_path / "a" / "a.txt")}


def test_volatile_files_stay_out_of_the_fingerprint(tmp_path):
    prints = set()
    for name in ("a", "b"):
        with Build(tmp_path / name, "some", SomeSettings(), {}) as build:
            (build.path / "seconds").write_text(name)
            prints.add(build.publish(volatile=frozenset({"seconds"})).fingerprint)
    assert len(prints) == 1


def test_nothing_exists_before_publish(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(RuntimeError), Build(out, "some", SomeSettings(), {}) as build:
        (build.path / "a.txt").write_text("half")
        raise RuntimeError
    assert not out.exists()
    with pytest.raises(InputError, match="unfinished"):
        read_manifest(out)


def test_an_artefact_stays_until_the_new_one_is_complete(tmp_path):
    out = tmp_path / "out"
    make(out)
    with pytest.raises(RuntimeError), Build(out, "some", SomeSettings(size=2), {}):
        raise RuntimeError
    assert read_manifest(out).settings == {"size": 1}
    make(out, SomeSettings(size=2), text="new")
    assert (out / "a.txt").read_text() == "new"


def test_other_settings_start_from_scratch(tmp_path):
    out = tmp_path / "out"
    with Build(out, "some", SomeSettings(), {}) as build, build.journal("rows") as journal:
        journal.put("a", 1)
    with Build(out, "some", SomeSettings(), {}) as build, build.journal("rows") as journal:
        assert journal.get("a") == 1
    with Build(out, "some", SomeSettings(size=2), {}) as build, build.journal("rows") as journal:
        assert journal.get("a") is None


def test_many_rows_of_a_journal_are_written_in_one_step(tmp_path):
    with Build(tmp_path / "out", "some", SomeSettings(), {}) as build, build.journal("rows") as journal:
        journal.put("a", 1)
        journal.update((key, key.upper()) for key in "abc")
        assert list(journal.items()) == [("a", "A"), ("b", "B"), ("c", "C")]


def test_two_processes_do_not_build_one_artefact(tmp_path):
    with (
        Build(tmp_path / "out", "some", SomeSettings(), {}),
        pytest.raises(InputError, match="another opora process"),
        Build(tmp_path / "out", "some", SomeSettings(), {}),
    ):
        pass


def test_a_swap_killed_half_way_is_finished(tmp_path):
    out = tmp_path / "out"
    make(out)
    out.rename(tmp_path / ".out.old")
    assert read_manifest(out).settings == {"size": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "out: manifest.json is damaged; run `opora run`"),
        ('{"stage": "x"}', "no manifest of opora"),
        (None, "out does not exist yet; run `opora run` first"),
    ],
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


def test_a_file_that_disappears_during_the_check_is_damage(tmp_path, monkeypatch):
    (tmp_path / "rows").write_text("a")
    checksum = checksums.checksum
    before = {"rows": checksum(tmp_path / "rows")}

    def checksum_of_a_removed_file(path):
        path.unlink()
        return checksum(path)

    monkeypatch.setattr(checksums, "checksum", checksum_of_a_removed_file)
    assert checksums.find_damage(tmp_path, before) == ["rows"]


def test_a_damaged_file_makes_an_artefact_unfinished(tmp_path):
    out = tmp_path / "out"
    make(out)
    (out / "a.txt").write_text("y")
    build = Build(out, "some", SomeSettings(), {})
    assert build.finished is None
    assert build.inspect()[1] == "a.txt is damaged"


def edit_manifest(out, **changes):
    path = out / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_an_artefact_of_another_version_is_recognised(tmp_path):
    out = tmp_path / "out"
    make(out)
    edit_manifest(out, packages={"opora": "0.1.0"})
    build = Build(out, "some", SomeSettings(), {})
    assert build.finished is None
    assert build.inspect()[1] == "made by opora 0.1.0"
    edit_manifest(out, packages={"opora": "0.1.0"}, marks={})
    assert build.inspect() == (None, "made by opora 0.1.0")
    with pytest.raises(InputError, match=r"out: made by opora 0\.1\.0; run `opora run` to rebuild it"):
        read_manifest(out)
    assert make(out).key == build.key


def test_files_of_the_user_are_not_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="out: holds files that opora did not make"):
        make(tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "x"


def test_a_file_of_the_user_inside_an_artefact_is_kept(tmp_path):
    out = tmp_path / "out"
    make(out)
    (out / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"out: holds files that opora did not make \(notes.txt\)"):
        make(out, SomeSettings(size=2))
    (out / "notes.txt").rename(tmp_path / "notes.txt")
    with Build(out, "some", SomeSettings(size=2), {}) as build, build.journal("rows") as journal:
        journal.put("a", 1)
        (out / "late.txt").write_text("mine")
        with pytest.raises(InputError, match=r"late.txt"):
            build.publish()
        assert journal.get("a") == 1
    assert (out / "late.txt").read_text() == "mine"
    assert read_manifest(out).settings == {"size": 1}


def test_a_file_in_the_place_of_an_artefact_is_kept(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match="out: holds files that opora did not make"):
        make(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"
