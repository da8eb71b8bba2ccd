"""A page of runs costs the same however many there are: no scan of all, no sort."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator

import pytest
from run_specs import spec

from graftline.core.ids import RunId
from graftline.core.ports import RunQuery
from graftline.core.states import Status
from graftline.store.listing import statement
from graftline.store.store import Store, open_store

RUNS = 20_000
STATES = ("SUCCESS", "SUCCESS", "SUCCESS", "FAILURE", "CANCELLED")


NAMES = random.Random(20)
COPIED = (
    "SELECT name FROM pragma_table_info('run') WHERE name NOT IN"
    " ('seq', 'id', 'project', 'pipeline', 'state', 'created', 'hidden', 'parent', 'tags')"
)


def row(i: int) -> tuple[object, ...]:
    name = "".join(NAMES.choices("abcdefghijklmnopqrstuvwxyz234567", k=16))
    hidden = i % 10 == 0
    return i + 1, name, f"p{i % 7}", f"q{i % 11}", STATES[i % 5], float(i), hidden, "b" * 16 if hidden else None


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    directory = tmp_path_factory.mktemp("big")
    with open_store(directory) as store:
        given = spec("a", tags=("rare",))
        store.runs.create(given, None)
        with store.runs._database.writing() as connection:
            copied = ", ".join(column for (column,) in connection.execute(COPIED))
            connection.executemany(
                "INSERT INTO run (seq, id, project, pipeline, state, created, hidden, parent, tags, "
                f"{copied}) SELECT ?, ?, ?, ?, ?, ?, ?, ?, '[]', {copied} FROM run WHERE seq = 1",
                (row(i) for i in range(1, RUNS)),
            )
        yield store


QUERIES = [
    RunQuery(),
    RunQuery(project="p1"),
    RunQuery(with_children=True),
    RunQuery(project="p1", with_children=True, since=0.5 * RUNS),
    RunQuery(project="p1", pipeline="q3"),
    RunQuery(project="p1", before=(0.7 * RUNS, RunId("m" * 16))),
    RunQuery(parent=RunId("b" * 16)),
    RunQuery(tag="rare"),
]


@pytest.mark.parametrize("state", [None, Status.FAILURE])
@pytest.mark.parametrize("query", QUERIES, ids=[f"{i}" for i in range(len(QUERIES))])
def test_a_page_walks_one_index_in_order(big: Store, query: RunQuery, state: Status | None) -> None:
    sql, values = statement(query, state)

    with big.runs._database.reading() as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", tuple(values))]

    assert not [line for line in plan if "TEMP B-TREE" in line]
    assert not [line for line in plan if line.startswith("SCAN") and "INDEX" not in line]


def reads(connection: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> int:
    """Return how many thousands of virtual machine steps a statement takes."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(tick, 1000)
    connection.execute(sql, values).fetchall()
    connection.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("query", QUERIES, ids=[f"{i}" for i in range(len(QUERIES))])
def test_a_page_touches_little_more_than_its_rows(big: Store, query: RunQuery) -> None:
    sql, values = statement(query)

    with big.runs._database.reading() as connection:
        # 50 rows of some 60 steps each; a scan of all runs takes over 100 thousand.
        assert reads(connection, sql, tuple(values)) < 20


def test_a_page_of_several_states_is_merged_in_order(big: Store) -> None:
    query = RunQuery(project="p1", states=(Status.FAILURE, Status.CANCELLED), limit=30)

    first = big.history.runs(query)
    second = big.history.runs(
        RunQuery(project="p1", states=query.states, limit=30, before=(first[-1].created, first[-1].id))
    )

    created = [run.created for run in first + second]
    assert created == sorted(created, reverse=True)
    assert {run.state for run in first} == {Status.FAILURE, Status.CANCELLED}
    assert len(set(created)) == 60


def test_short_ids_are_unique_prefixes(big: Store) -> None:
    runs = [run.id for run in big.history.runs(RunQuery(limit=200))]

    short = big.history.short_ids(runs)

    with big.runs._database.reading() as connection:
        for run in runs:
            like = connection.execute(
                "SELECT count(*) FROM run WHERE id >= ? AND id < ?", (short[run], short[run] + "~")
            )
            assert like.fetchone() == (1,)
            assert big.history.find(short[run], None) == run
    assert min(len(text) for text in short.values()) >= 4
    assert max(len(text) for text in short.values()) <= 9
