"""Exceptions of opora, and the exit status with which each ends a command.

In: one line with what is wrong, the value and the fix. Out: an exception; the command line prints the line.

    raise InputError("opora.yaml: chunk.sise is unknown; did you mean chunk.size?")
"""


class OporaError(Exception):
    """A fault that one line explains. `exit_code` is the exit status of the command."""

    exit_code = 1


class InputError(OporaError):
    """Wrong input of the user: an unknown key, a missing file, a wrong format, an empty folder."""

    exit_code = 2


class MissingExtraError(InputError):
    """A feature needs packages that the base install leaves out."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are not installed; pip install 'opora[{extra}]'")


class ModelError(OporaError):
    """A language model could not be loaded or did not answer: a server that is down, a checkpoint that does not fit."""


class RenamedSettingWarning(UserWarning):
    """A setting has the name of the last release."""


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
