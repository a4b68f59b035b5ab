"""What opora raises: one root, and the exit status that each kind of fault ends a command with.

In: what is wrong, which value, where, the way out, as one line. Out: an exception; the command line prints that line.

    raise InputError("opora.yaml: chunk.sise is unknown; did you mean chunk.size?")
"""


class OporaError(Exception):
    """A fault that opora can explain in one line. `exit_code` is what a command ends with."""

    exit_code = 1


class InputError(OporaError):
    """The user's input is wrong: an unknown key, a missing file, a wrong format, an empty folder."""

    exit_code = 2


class MissingExtraError(InputError):
    """A part of opora needs packages that the base install leaves out."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs packages that are not installed; pip install 'opora[{extra}]'")


class ModelError(OporaError):
    """A language model could not be loaded or did not answer: a server that is down, a checkpoint that does not fit."""


def first_line(error: Exception) -> str:
    """What a library's error says, in one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
