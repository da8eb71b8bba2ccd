"""The example of README.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from sample_runs import Sample
from source_tree import ROOT


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    code = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    sample = Sample("wide.py", tmp_path)
    (sample.root / "pipeline.py").write_text(code)

    run = sample.document("run", "pipeline.py")

    assert run["state"] == "SUCCESS"
    assert run["metrics"]
