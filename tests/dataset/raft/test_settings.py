"""Old names of settings are accepted with a warning."""

import pytest

from opora.dataset.raft.settings import RaftSettings
from opora.validation import RenamedSettingWarning


@pytest.mark.parametrize(
    ("old", "new"),
    [("hard", "hard_share"), ("refusals", "refusal_share"), ("valid", "valid_share"), ("test", "test_share")],
)
def test_old_names_of_shares(old, new):
    with pytest.warns(RenamedSettingWarning, match=f"{old} is now {new}"):
        assert getattr(RaftSettings(**{old: 0.5}), new) == 0.5
