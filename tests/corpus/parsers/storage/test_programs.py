"""Programs get the document on their standard input; their failures have reasons."""

import pytest

from opora.corpus.parsers.storage.programs import ProgramError, run_program


def test_output():
    assert run_program(["cat"], b"text", 10, "install it") == b"text"


@pytest.mark.parametrize(
    ("command", "reason", "detail"),
    [
        (["no-such-program"], "unsupported format", "install it"),
        (["sleep", "5"], "time limit", "sleep took more than 0.1 s"),
        (["sh", "-c", "echo bad page >&2; exit 3"], "corrupt", "sh: bad page"),
        (["false"], "corrupt", "false: exit status 1"),
    ],
)
def test_failures(command, reason, detail):
    with pytest.raises(ProgramError) as caught:
        run_program(command, b"", 0.1, "install it")
    assert (caught.value.reason, str(caught.value)) == (reason, detail)
