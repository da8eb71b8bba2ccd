"""The rule for a user's directories is that of `platformdirs`, which is only asked where the rule does not reach."""

from __future__ import annotations

import os

import platformdirs
import pytest

from graftline.worker.userdirs import user_config_dir, user_data_dir

PLACES = [None, "", "/elsewhere", "/elsewhere/", "relative", " "]


@pytest.mark.parametrize("home", [None, "", "/home/somebody", "/home/somebody/", "/", "relative"])
@pytest.mark.parametrize("place", PLACES)
def test_a_user_s_directories_are_those_of_platformdirs(
    home: str | None, place: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("HOME", home), ("XDG_CONFIG_HOME", place), ("XDG_DATA_HOME", place)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)

    assert user_config_dir() == platformdirs.user_config_dir("graftline")
    assert user_data_dir() == platformdirs.user_data_dir("graftline")
    assert os.path.isabs(user_config_dir())
