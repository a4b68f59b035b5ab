"""Progress says how much is done and how long the rest takes."""

import io

import pytest

from opora.console.progress import Progress, format_seconds, track


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (3599, "59 min 59 s"), (3600, "1 h 00 min"), (9000, "2 h 30 min")],
)
def test_seconds(seconds, text):
    assert format_seconds(seconds) == text


def test_a_log_gets_a_last_line():
    stream = io.StringIO()
    with Progress("ingest", 3, stream=stream) as progress:
        progress.advance(3)
    assert stream.getvalue() == "ingest: 3/3, 0 s\n"


def test_time_left_is_known_after_the_first_item():
    progress = Progress("train", 10, done=4, stream=io.StringIO())
    assert progress.line() == "train: 4/10, estimating"
    progress.advance()
    assert progress.line("loss 1.3").endswith("left, loss 1.3")


def test_track_yields_what_it_is_given(capsys):
    assert list(track("abc", "x", total=3)) == ["a", "b", "c"]
    assert "x: 3/3" in capsys.readouterr().err
