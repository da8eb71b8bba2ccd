"""Pictures looked at by a person, kept as they were when they read well.

To renew one, delete its file, run the tests twice, and look at it.
"""

from pathlib import Path

import pytest
from cell_tracer import trace

from graftline.core.layout.drawing import NodeStyle, Orientation, draw

Edges = list[tuple[str, str]]

GOLDEN = Path(__file__).parent / "golden"

PIPELINE: Edges = [
    ("load_raw", "validate"),
    ("validate", "split"),
    ("split", "feat_num"),
    ("split", "feat_text"),
    ("feat_num", "join_feats"),
    ("feat_text", "join_feats"),
    ("join_feats", "train_gbm"),
    ("train_gbm", "evaluate"),
    ("split", "evaluate"),
]
CHURN: Edges = [
    *[("fetch", "validate"), ("validate", "split")],
    *[("split", feature) for feature in ("feat.num", "feat.text", "feat.img")],
    *[(feature, "join") for feature in ("feat.num", "feat.text", "feat.img")],
    *[("join", "train_gbm"), ("join", "train_nn"), ("train_gbm", "blend"), ("train_nn", "blend")],
    *[("blend", "evaluate"), ("split", "evaluate"), ("evaluate", "register"), ("split", "register")],
]
DIAMOND: Edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
FAN: Edges = [
    *[("scatter", f"map[{i}]") for i in range(5)],
    *[(f"map[{i}]", "gather") for i in range(5)],
]
ALL_TO_ALL: Edges = [
    *[(data, model) for data in ("en", "de", "標準") for model in ("gbm", "net")],
    *[("gbm", "report"), ("net", "report"), ("標準", "audit"), ("en", "report")],
]
PARTS: Edges = [*DIAMOND, ("x", "y"), ("y", "z")]

LR, TB = Orientation.LR, Orientation.TB
CHIP, BOX = NodeStyle.CHIP, NodeStyle.BOX


@pytest.mark.parametrize(
    ("name", "edges", "orientation", "style"),
    [
        ("pipeline_lr_chip", PIPELINE, LR, CHIP),
        ("pipeline_lr_box", PIPELINE, LR, BOX),
        ("pipeline_tb_chip", PIPELINE, TB, CHIP),
        ("pipeline_tb_box", PIPELINE, TB, BOX),
        ("churn_lr_chip", CHURN, LR, CHIP),
        ("churn_tb_chip", CHURN, TB, CHIP),
        ("diamond_lr_chip", DIAMOND, LR, CHIP),
        ("diamond_tb_box", DIAMOND, TB, BOX),
        ("fan_lr_chip", FAN, LR, CHIP),
        ("fan_tb_chip", FAN, TB, CHIP),
        ("all_to_all_lr_chip", ALL_TO_ALL, LR, CHIP),
        ("all_to_all_tb_box", ALL_TO_ALL, TB, BOX),
        ("parts_lr_chip", PARTS, LR, CHIP),
        ("parts_tb_chip", PARTS, TB, CHIP),
    ],
)
def test_a_picture_stays_as_it_was_approved(
    name: str, edges: Edges, orientation: Orientation, style: NodeStyle
) -> None:
    drawing = draw(names(edges), edges, {}, orientation=orientation, style=style)

    assert trace(drawing, orientation) == set(edges)
    compare(name, drawing.rows)


@pytest.mark.parametrize(("name", "orientation"), [("pipeline_lr_ascii", LR), ("pipeline_tb_ascii", TB)])
def test_an_ascii_picture_holds_ascii_alone(name: str, orientation: Orientation) -> None:
    drawing = draw(names(PIPELINE), PIPELINE, {}, orientation=orientation, style=BOX, ascii=True)

    assert "".join(drawing.rows).isascii()
    compare(name, drawing.rows)


def names(edges: Edges) -> list[str]:
    """Return the nodes of the edges, and two single ones for the picture of several parts."""
    nodes = list(dict.fromkeys(name for edge in edges for name in edge))
    return [*nodes, "alone", "also alone"] if edges is PARTS else nodes


def compare(name: str, rows: tuple[str, ...]) -> None:
    """Compare with the kept picture; a missing one is written, and fails this once."""
    path = GOLDEN / f"{name}.txt"
    text = "\n".join(rows) + "\n"
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was written: look at it, then run again")
    assert text == path.read_text(encoding="utf-8")
