"""The page about the runtime is one program; it runs as it stands, in this process to save seven."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "runtime.md"
SAID = re.compile(r"^(\S.*?)\s+# (\{.*\}|\[.*?\]|\d[\d.]*|array\(.*\)|titanic/\S+?)(?:[,:] .*)?$", re.MULTILINE)


def test_the_page_about_the_runtime_runs_and_says_what_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    text = "\n\n".join(blocks).replace(
        "from graftline import runtime\n", "import graftline.runtime\n\nruntime = graftline.runtime.local\n"
    )
    told = [line for line in SAID.findall(text) if "put(" not in line[0]]
    checked = SAID.sub(lambda found: found[0] if "put(" in found[1] else f"SAID.append(str({found[1]}))", text)
    program = tmp_path / "page.py"
    program.write_text(f"SAID = []\n{checked}\n")
    (tmp_path / "graftline.toml").touch()
    monkeypatch.chdir(tmp_path)

    found = runpy.run_path(str(program))

    expected = [value.removeprefix("array(").removesuffix(")") if "array(" in value else value for _, value in told]
    assert len(expected) >= 9
    assert found["SAID"] == expected
    assert "ZeroDivisionError" in capsys.readouterr().out
