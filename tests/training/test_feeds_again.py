"""A feed is asked again when what it read has changed, and only then; `-n` says so before."""

from __future__ import annotations

from typing import Any

import pytest
from churn_project import ROWS, Churn


def fate(planned: Any, step: str = "source") -> str:
    """Return what a plan says of a step."""
    return str(next(each["fate"] for each in planned["steps"] if each["step"] == step))


def again(churn: Churn, *words: str) -> str:
    """Return what a training that reads everything would do with the source."""
    return fate(churn.document("train", "-n", "--from-start", *words))


@pytest.fixture
def known(churn: Churn) -> Churn:
    """Return the project, trained on all rows: files that were looked for in vain are known too."""
    churn.document("train", "--from-start")
    return churn


class TestFiles:
    def test_what_did_not_change_is_not_read_again(self, known: Churn) -> None:
        assert again(known) == "reuse"

        trained = known.document("train", "--from-start")

        assert trained["counts"] == {"CACHED": 4}
        assert trained["generation"] == 2 + 1

    def test_a_changed_row_is_read(self, known: Churn) -> None:
        known.give([*ROWS, (21, 5.0, 0)])

        planned = known.document("train", "-n", "--from-start")

        assert fate(planned) == "run"
        source = planned["steps"][0]
        assert (source["verdict"], source["detail"]) == ("READS", "data/customers.csv")
        known.give(ROWS)
        assert again(known) == "reuse"

    def test_bounds_ask_for_other_rows(self, known: Churn) -> None:
        assert again(known, "--upper", "5") == "run"

    def test_another_query_is_asked(self, known: Churn) -> None:
        (known.root / "data/more.csv").write_text((known.root / "data/customers.csv").read_text())

        assert again(known, "--query", "data/more.csv") == "run"

    def test_a_label_of_another_column_is_read(self, known: Churn) -> None:
        known.change("pipeline.py", '"churned": "y"', '"spend": "y"')

        assert again(known) == "run"

    def test_options_of_the_feed_count(self, known: Churn) -> None:
        with (known.root / "graftline.toml").open("a") as file:
            file.write('[feed.csv]\nencoding = "utf-8"\n')

        assert again(known) == "run"

    def test_a_variable_that_options_name_counts(self, known: Churn, monkeypatch: pytest.MonkeyPatch) -> None:
        with (known.root / "graftline.toml").open("a") as file:
            file.write('[feed.lake]\nprovider = "csv"\npath = "${LAKE}"\n')
        monkeypatch.setenv("LAKE", "data")
        known.document("train", "--from-start", "--query", "customers")
        assert again(known, "--query", "customers") == "reuse"

        monkeypatch.setenv("LAKE", "elsewhere")

        assert again(known, "--query", "customers") == "run"

    def test_a_file_that_would_come_first_counts(self, known: Churn) -> None:
        (known.root / "lake").mkdir()
        (known.root / "lake/rows.csv").write_text((known.root / "data/customers.csv").read_text())
        with (known.root / "graftline.toml").open("a") as file:
            file.write('[feed.lake]\nprovider = "csv"\npath = "lake"\n')
        asked = ("--from-start", "--query", "rows")
        known.document("train", *asked)
        known.document("train", *asked)  # the first one made files where it looked
        assert again(known, "--query", "rows") == "reuse"

        (known.root / "rows.csv").write_text((known.root / "lake/rows.csv").read_text())

        assert again(known, "--query", "rows") == "run"


class TestAnythingElse:
    def test_a_function_of_the_project_is_a_feed_and_is_asked_each_time(self, churn: Churn) -> None:
        (churn.root / "lake.py").write_text(
            "def rows(query, days):\n"
            "    if query != 'data/customers.csv':\n        return None\n"
            "    return {'day': list(range(days)), 'spend': [1.0] * days, 'churned': [0] * days}\n"
        )
        with (churn.root / "graftline.toml").open("a") as file:
            file.write('[feed.mine]\nprovider = "lake:rows"\ndays = 5\n')

        trained = churn.document("train", "-E", "mine", "--from-start")
        planned = churn.document("train", "-n", "-E", "mine", "--from-start")

        assert trained["metrics"]["accuracy"] == 0
        source = planned["steps"][0]
        assert (source["fate"], source["verdict"]) == ("run", "UNKNOWN")
        assert source["detail"] == "it asks feed 'mine' (lake:rows), which may answer otherwise each time"

    def test_a_function_that_returns_no_table_is_told(self, churn: Churn) -> None:
        (churn.root / "lake.py").write_text("def rows(query):\n    return 7\n")
        with (churn.root / "graftline.toml").open("a") as file:
            file.write('[feed.mine]\nprovider = "lake:rows"\n')

        said = churn.graft("train", "-E", "mine")

        assert said.code == 1
        assert "'mine': rows('data/customers.csv') returned int, which is no table" in said.out


class TestPlans:
    def test_a_plan_writes_nothing_and_says_what_would_be_committed(self, fresh: Churn) -> None:
        planned = fresh.document("train", "-n")
        said = fresh.graft("train", "-n")

        assert planned["commits"]["generation"] == 1
        assert planned["commits"]["states"] == ["fit:model"]
        assert "it would commit generation 1 of churn/0.1.0.dev1+" in said.out
        assert fresh.document("runs")["runs"] == []
        assert fresh.graft("list", "churn").code == 3

    def test_a_plan_of_apply_says_which_states_it_uses(self, churn: Churn) -> None:
        planned = churn.document("apply", "-n")
        said = churn.graft("apply", "-n")

        assert {each["step"]: each["fate"] for each in planned["steps"]}["fit"] == "reuse"
        assert planned["commits"] is None
        assert "states of churn/0.1.0.dev1+" in said.out
        assert "would commit" not in said.out


def test_a_plain_run_asks_the_feeds_too(fresh: Churn) -> None:
    ran = fresh.document("run")

    assert (ran["state"], ran["generation"]) == ("SUCCESS", None)
    assert ran["metrics"]["accuracy"] > 0
