"""The page about shapes is one program; it runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "composites.md"


def test_the_page_about_composites_runs_as_written(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    program = tmp_path / "page.py"
    program.write_text("\n\n".join(blocks))
    environ = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}

    done = subprocess.run([sys.executable, program], cwd=tmp_path, env=environ, capture_output=True, timeout=110)

    assert len(blocks) >= 8
    assert done.returncode == 0, done.stderr.decode()
