"""What is read in scripts, and the pipeline that is proposed of them."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from graftline.core.commandlines import options_of
from graftline.core.errors import InvalidError
from graftline.core.fileuses import file_uses, literals, shell_uses
from graftline.core.mainparts import calls_of
from graftline.core.proposalcode import code_of
from graftline.core.proposals import ScriptText, SourceKind
from graftline.core.proposing import MISSING, propose


def script(path: str, text: str) -> ScriptText:
    return ScriptText(path=path, kind=SourceKind.SCRIPT, text=dedent(text))


def used(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return what code reads, writes, and leaves in doubt."""
    tree = ast.parse(dedent(text))
    facts = file_uses(tree, "x.py", literals(tree))
    return [each.path for each in facts.reads], [each.path for each in facts.writes], [d.text for d in facts.doubts]


def options(text: str) -> tuple[list[tuple[str, str | None, object]], list[str]]:
    found, doubts = options_of(ast.parse(dedent(text)), "x.py")
    return [(each.name, each.flag, each.default) for each in found], [each.text for each in doubts]


@pytest.mark.parametrize(
    "line",
    [
        "pd.read_csv('data/a.csv')",
        "open('data/a.csv')",
        "open('data/a.csv', 'rb')",
        "Path('data', 'a.csv').read_text()",
        "(Path('data') / 'a.csv').open()",
        "np.load('data/a.csv')",
        "pl.read_csv(os.path.join('data', 'a.csv'))",
        "ROOT = Path('data')\npd.read_csv(ROOT / 'a.csv')",
        "pd.read_csv(filepath_or_buffer='./data/a.csv')",
        "name = 'a'\npd.read_csv(f'data/{name}.csv')",
    ],
)
def test_a_file_that_is_read_is_seen(line: str) -> None:
    assert used(line) == (["data/a.csv"], [], [])


@pytest.mark.parametrize(
    "line",
    [
        "frame.to_csv('out/a.csv', index=False)",
        "open('out/a.csv', 'w')",
        "open('out/a.csv', mode='ab')",
        "Path('out/a.csv').write_text(text)",
        "plt.savefig('out/a.csv')",
        "joblib.dump(model, 'out/a.csv')",
        "np.save('out/a.csv', array)",
        "torch.save(model, 'out/a.csv')",
    ],
)
def test_a_file_that_is_written_is_seen(line: str) -> None:
    assert used(line) == ([], ["out/a.csv"], [])


def test_what_a_script_reads_of_its_own_is_no_input() -> None:
    assert used("open('a.txt', 'w')\nopen('a.txt')") == ([], ["a.txt"], [])


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ("pd.read_csv(sys.argv[1])", "reads a file whose name only running tells: sys.argv[1]"),
        ("frame.to_csv(f'{day}.csv')", "writes a file whose name only running tells: f'{day}.csv'"),
        ("pd.read_csv('/srv/a.csv')", "uses '/srv/a.csv', which is outside the project"),
        ("pd.read_csv('../a.csv')", "uses '../a.csv', which is outside the project"),
        ("subprocess.run(['make'])", "starts a program, whose files are not seen"),
        ("x = 'a'\nx = 'b'\nopen(x)", "reads a file whose name only running tells: x"),
    ],
)
def test_what_cannot_be_told_is_said(line: str, doubt: str) -> None:
    assert used(line) == ([], [], [doubt])


@pytest.mark.parametrize("line", ["pd.read_csv('https://x.org/a.csv')", "runner.run(x)", "model.save()", "load()"])
def test_other_calls_are_let_be(line: str) -> None:
    assert used(line) == ([], [], [])


def test_a_shell_script_is_read_by_its_words() -> None:
    facts = shell_uses("# cat no.csv\nsort data/a.csv > out/b.csv\ncurl -o out/c.json $1\nwc out/b.csv", "x.sh")

    assert [each.path for each in facts.reads] == ["data/a.csv"]
    assert [each.path for each in facts.writes] == ["out/b.csv", "out/c.json"]
    assert [(each.line, each.text) for each in facts.doubts] == [
        (3, "takes arguments of its command line, which are not given")
    ]


def test_options_of_argparse() -> None:
    found, doubts = options("""
        parser.add_argument("input")
        parser.add_argument("-C", "--penalty", type=float, default=0.1)
        parser.add_argument("--max-rows", dest="rows", default=10)
        parser.add_argument("--day", required=True)
        parser.add_argument("--fast", action="store_true")
        parser.add_argument("--many", nargs="+")
        parser.add_argument("--other")
    """)

    assert found == [
        ("input", None, None),
        ("penalty", "--penalty", 0.1),
        ("rows", "--max-rows", 10),
        ("day", "--day", None),
    ]
    assert [each.partition(",")[0] for each in doubts] == [
        "the switch --fast is left out: its default holds",
        "--many takes several values",
        "--other has no default that can be read",
    ]


def test_options_of_click_typer_and_the_plain_command_line() -> None:
    clicked = "@click.command()\n@click.option('--C', default=1.0)\n@click.argument('path')\ndef main(c, path): ..."
    typed = "import typer\ndef main(path: str, max_rows: int = 3, fast: bool = False): ...\ntyper.run(main)"
    plain = "import sys\nsource = sys.argv[1]\nsize = int(sys.argv[2]) if len(sys.argv) > 2 else 5"

    assert options(clicked)[0] == [("C", "--C", 1.0), ("path", None, None)]
    assert options(typed) == (
        [("path", None, None), ("max_rows", "--max-rows", 3)],
        ["the switch --fast is left out: its default holds"],
    )
    assert options(plain)[0] == [("source", None, None), ("size", None, 5)]


MAIN = """
    def load(): return [1], 2
    def fit(rows, C=1.0): return rows
    def draw(model): print(model)
    if __name__ == "__main__":
        X, n = load()
        model = fit(X, C=0.5)
        draw(model)
"""


def test_calls_of_a_main_part_are_steps_with_their_values() -> None:
    calls = calls_of(ast.parse(dedent(MAIN)))

    assert calls is not None
    assert [(each.function, each.returns, each.inputs, each.params) for each in calls] == [
        ("load", ("X", "n"), (), ()),
        ("fit", ("model",), (("rows", "X"),), (("C", 0.5),)),
        ("draw", (), (), ()),
    ]


@pytest.mark.parametrize(
    "change",
    [
        ("        draw(model)", "        print(model)"),
        ("model = fit(X, C=0.5)", "X = fit(X)"),
        ("model = fit(X, C=0.5)", "model = fit(X[0])"),
        ("def draw", "connect()\n    def draw"),
        ("model = fit(X, C=0.5)", "for x in X: fit(x)"),
    ],
)
def test_a_main_part_that_does_more_is_run_as_it_is(change: tuple[str, str]) -> None:
    text = MAIN.replace(*change)

    assert calls_of(ast.parse(dedent(text))) is None
    (step,) = propose("p", [script("x.py", text)]).steps
    assert step.kind == "ScriptTask"


def test_a_reader_comes_after_its_writer_whatever_the_order_they_are_named_in() -> None:
    reader, writer = script("a.py", "open('x.csv')"), script("b.py", "open('x.csv', 'w')")

    first, second = propose("p", [reader, writer]).steps

    assert (first.name, second.name, second.needs, second.gets) == ("b", "a", ("b",), ("x.csv",))


def test_files_that_read_one_another_are_said_to() -> None:
    one, other = script("a.py", "open('x')\nopen('y', 'w')"), script("b.py", "open('y')\nopen('x', 'w')")

    proposal = propose("p", [one, other])

    assert [step.name for step in proposal.steps] == ["a", "b"]
    assert "these files read what one another write" in proposal.doubts[0].text


def test_options_of_equal_names_and_other_defaults_are_told_apart() -> None:
    texts = ["p.add_argument('--n', default=1)", "p.add_argument('--n', default=1)", "p.add_argument('--n', default=2)"]
    proposal = propose("p", [script(f"{name}.py", text) for name, text in zip("abc", texts, strict=True)])

    assert [(name, value) for name, value, _ in proposal.params] == [("n", 1), ("c_n", 2)]
    assert dict(proposal.arguments)["c"] == ("--n", "{c_n}")


def test_an_option_without_a_default_is_to_be_filled_in() -> None:
    proposal = propose("p", [script("a.py", "p.add_argument('--day', required=True)")])

    assert proposal.params == (("day", MISSING, "a.py:1"),)
    assert proposal.doubts[0].text == "'day' has no default: say it with -p day=..., or in params="


def test_functions_of_equal_names_are_imported_under_others() -> None:
    text = "def run(): return 1\nif __name__ == '__main__':\n    {} = run()\n"
    code = code_of(propose("p", [script("a.py", text.format("x")), script("b.py", text.format("y"))]))

    assert "from a import run\nfrom b import run as b_run\n" in code
    compile(code, "pipeline.py", "exec")


@pytest.mark.parametrize("kind", [SourceKind.SCRIPT, SourceKind.NOTEBOOK])
def test_what_cannot_be_read_is_refused(kind: SourceKind) -> None:
    with pytest.raises(InvalidError, match="is no"):
        propose("p", [ScriptText(path="x.py", kind=kind, text="def (")])
