"""Lines of a traceback are told as places of the project, not of the copy that a station has unpacked."""

from __future__ import annotations

from pathlib import Path

from graftline.core.events import AttemptFailed
from graftline.core.runs import Frame, StepError
from graftline.core.states import Reason
from graftline.plugins.remote.places import at_home, without_copy


def failed(*files: str, traceback: str = "", message: str = "no") -> AttemptFailed:
    """Return an end with an error whose frames are in these files."""
    frames = tuple(Frame(file=file, line=3, function="fit", code="x = 1") for file in files)
    error = StepError(type="ValueError", message=message, traceback=traceback, frames=frames)
    return AttemptFailed(
        node="fit",
        attempt=1,
        at=0.0,
        started=None,
        seconds=None,
        cpu_seconds=None,
        peak_bytes=None,
        worker=None,
        reason=Reason.ERROR,
        error=error,
    )


def files(fact: AttemptFailed) -> list[str]:
    """Return the files of the frames."""
    return [frame.file for frame in fact.error.frames]


def test_a_file_of_the_copy_is_one_of_the_project_and_others_stay() -> None:
    text = 'File "/tmp/copy/project/steps.py", line 3\nFile "/lib/own.py", line 1\n'
    fact = failed("/tmp/copy/project/in/steps.py", "/lib/own.py", "<string>", "notes.ipynb", traceback=text)

    sent = without_copy(fact, "/tmp/copy/project")

    assert files(at_home(sent, "/home/me/churn")) == [
        "/home/me/churn/in/steps.py",
        "/lib/own.py",
        "<string>",
        "notes.ipynb",
    ]
    assert "/tmp/copy" not in sent.error.traceback
    assert at_home(sent, "/home/me/churn").error.traceback.startswith('File "/home/me/churn/steps.py", line 3\n')
    assert files(at_home(sent, None))[0] == "in/steps.py"
    assert [frame.code for frame in sent.error.frames] == ["x = 1"] * 4  # of the code that ran


def test_a_directory_of_a_similar_name_is_another_one_and_messages_are_the_users() -> None:
    fact = failed("/tmp/copy/project2/steps.py", message="no file /tmp/copy/project/rows.csv")

    assert without_copy(fact, "/tmp/copy/project") is fact
    assert at_home(fact, "/home/me") is fact


def test_a_copy_behind_a_symbolic_link_is_known_by_both_names(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")

    sent = without_copy(failed(f"{link}/a.py", f"{tmp_path}/real/b.py"), str(link))

    assert files(at_home(sent, None)) == ["a.py", "b.py"]
