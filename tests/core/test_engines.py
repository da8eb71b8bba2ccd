"""Which feeds and sinks `-E` and the configuration mean, and what of a graph goes to a sink."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from graftline.core import engines
from graftline.core.config import Layer, merge
from graftline.core.discovery import Plugin
from graftline.core.engines import (
    BUNDLED_FEEDS,
    Channels,
    channels_of,
    connected,
    connected_as,
    feeds_print,
    file_sink,
    outputs_of,
)
from graftline.core.errors import InvalidError
from graftline.core.feeding import Provider
from graftline.core.graph import Argument, Call, CallKind, Graph, Node, Operation, Return, ReturnKind
from graftline.core.keys import call_digest
from graftline.core.prints import Print
from graftline.core.supply import Constant, Upstream

FEED = Operation(
    call=Call(kind=CallKind.FEED, query="t", ordinal="day", file="p.py", line=3), returns=(Return(name="X"),)
)
CALL = Call(kind=CallKind.PYTHON, module="m", qualname="f")
SINK = Provider("out", "m:Sink", {"path": "{run}"})


def settings(**tables: Any) -> Any:
    return merge([Layer(name="project", data=tables)])


def names(channels: Channels) -> tuple[list[str], list[str]]:
    return [each.name for each in channels.feeds], [each.name for each in channels.sinks]


def graph(*nodes: tuple[Node, Operation], mode: str = "apply") -> Graph:
    numbered = [replace(node, operation=at) for at, (node, _) in enumerate(nodes)]
    return Graph(name="g", nodes=tuple(numbered), operations=tuple(each for _, each in nodes), mode=mode)


def step(path: str, *returns: str | Return, takes: tuple[Upstream, ...] = ()) -> tuple[Node, Operation]:
    made = tuple(Return(name=each) if isinstance(each, str) else each for each in returns)
    arguments = tuple(Argument(each.output, each) for each in takes)
    needs = tuple(each.node for each in takes)
    return Node(path=path, operation=0, arguments=arguments, needs=needs), Operation(call=CALL, returns=made)


SOURCE = Node(path="source", operation=0), FEED
X = Upstream("source", "X")


class TestChannels:
    def test_nothing_configured_is_every_bundled_feed_and_standard_output(self) -> None:
        feeds, sinks = names(channels_of(settings(), None))

        assert feeds[:4] == ["csv", "json", "parquet", "sqlite"]
        assert sinks == ["stdout"]

    def test_what_is_configured_is_asked_before_what_is_bundled(self) -> None:
        known = settings(feed={"wh": {"provider": "sqlite", "path": "wh.db"}})

        first = channels_of(known, None).feeds[0]

        assert first == Provider("wh", "graftline.plugins.feeds.sqlite:SqliteFeed", {"path": "wh.db"})

    def test_an_engine_names_both(self) -> None:
        known = settings(
            engine={"nightly": {"feed": ["wh", "csv"], "sink": "out"}},
            feed={"wh": {"provider": "sqlite"}},
            sink={"out": {"provider": "my:Sink", "n": 1}},
        )

        found = channels_of(known, "nightly")

        assert names(found) == (["wh", "csv"], ["out"])
        assert found.sinks[0] == Provider("out", "my:Sink", {"n": 1})

    def test_the_default_engine_holds_where_none_is_named(self) -> None:
        known = settings(engine={"default": {"sink": ["null"]}})

        assert names(channels_of(known, None))[1] == ["null"]

    @pytest.mark.parametrize(
        ("name", "feeds", "sinks"),
        [("csv", ["csv"], ["stdout"]), ("null", None, ["null"]), ("a:B", ["a:B"], ["stdout"])],
    )
    def test_a_name_that_is_no_engine_is_a_feed_or_sink(
        self, name: str, feeds: list[str] | None, sinks: list[str]
    ) -> None:
        found = names(channels_of(settings(), name))

        assert found[1] == sinks
        assert feeds is None or found[0] == feeds

    @pytest.mark.parametrize(
        ("tables", "name", "told"),
        [
            ({}, "cvs", "there is no engine 'cvs'; did you mean 'csv'?"),
            ({"engine": {"e": {"feed": ["wz"]}}, "feed": {"wh": {"provider": "csv"}}}, "e", "there is no feed 'wz'"),
            ({"engine": {"e": {"sink": ["nul"]}}}, "e", "there is no sink 'nul'; did you mean 'null'?"),
            ({"feed": {"wh": {"provider": "sqlit"}}}, None, "there is no feed 'sqlit'; did you mean 'sqlite'?"),
        ],
    )
    def test_a_name_nobody_knows_is_told_with_the_nearest(
        self, tables: dict[str, Any], name: str | None, told: str
    ) -> None:
        with pytest.raises(InvalidError) as problem:
            channels_of(settings(**tables), name)

        assert told in str(problem.value)

    def test_a_file_says_its_sink(self) -> None:
        assert file_sink("out/scores.csv").options == {"path": "out/scores.csv"}
        with pytest.raises(InvalidError, match="does not say what is to be written"):
            file_sink("scores")


class TestConnecting:
    def test_a_source_gets_its_feeds_and_bounds(self) -> None:
        made = connected(
            graph(SOURCE, mode="train"), Channels((Provider("csv", "m:F", {}),)), lower=3, upper="9", query="other"
        )

        arguments = {each.name: each.source for each in made.node("source").arguments}
        assert arguments["feeds"] == Constant([{"name": "csv", "provider": "m:F", "options": {}}], "fixed")
        assert (arguments["lower"], arguments["upper"]) == (Constant(3, "fixed"), Constant("9", "fixed"))
        assert made.operation_of("source").call.query == "other"

    def test_what_nothing_inside_takes_goes_to_the_sinks(self) -> None:
        made = connected(
            graph(
                SOURCE,
                step("clean", "Z", takes=(X,)),
                step(
                    "predict", "prediction", Return(name="n", kind=ReturnKind.METRIC), takes=(Upstream("clean", "Z"),)
                ),
            ),
            Channels(sinks=(SINK, SINK)),
            named={"project": "p"},
        )

        assert [node.path for node in made.nodes[3:]] == ["sink", "sink-2"]
        sink = made.node("sink")
        assert sink.needs == ("predict",)
        assert [each.name for each in sink.arguments] == ["sink", "named", "prediction"]
        assert outputs_of(made) == {"prediction": Upstream("predict", "prediction")}

    def test_what_a_step_brings_in_is_no_result(self) -> None:
        made = connected(
            graph(step("load", "X", "y"), step("predict", "prediction", takes=(Upstream("load", "X"),))),
            Channels(sinks=(SINK,)),
        )

        assert outputs_of(made) == {"prediction": Upstream("predict", "prediction")}

    @pytest.mark.parametrize("mode", ["train", "eval", "job"])
    def test_only_what_applies_has_a_sink(self, mode: str) -> None:
        made = connected(graph(SOURCE, step("a", "z", takes=(X,)), mode=mode), Channels(sinks=(SINK,)))

        assert [node.path for node in made.nodes] == ["source", "a"]

    def test_a_graph_that_writes_itself_needs_none(self) -> None:
        made = connected(
            graph(SOURCE, step("a", "z", takes=(X,)), step("publish", takes=(Upstream("a", "z"),))),
            Channels(sinks=(SINK,)),
        )

        assert "sink" not in made.index

    def test_bounds_without_an_ordinal_are_refused_where_the_source_is_written(self) -> None:
        bare = SOURCE[0], replace(FEED, call=replace(FEED.call, ordinal=None))

        with pytest.raises(InvalidError, match=r"p.py:3: the source of pipeline 'g' has no ordinal"):
            connected(graph(bare), Channels(), lower=1)

    def test_bounds_without_a_source_are_refused(self) -> None:
        with pytest.raises(InvalidError, match="pipeline 'g' has no source"):
            connected(graph(step("a", "z")), Channels(), query="t")

    def test_a_graph_compiled_anew_is_connected_as_the_old_one(self) -> None:
        plain = graph(SOURCE, step("a", "z", takes=(X,)))
        feeds = (Provider("csv", "m:F", {"path": "d"}),)
        old = connected(plain, Channels(feeds, (SINK,)), lower=1, named={"project": "p"})

        assert connected_as(plain, old) == old


class TestWhatIsKnownOfFeeds:
    KNOWN = Print(packages={"pandas": "2.2"}, variables=("TZ",))

    def asked(self, *feeds: Provider) -> Print:
        return feeds_print(self.KNOWN, FEED.call, feeds)

    def test_bundled_ones_count_by_their_versions_and_the_variables_of_their_options(self) -> None:
        found = self.asked(Provider("csv", BUNDLED_FEEDS["csv"], {"path": "${LAKE}/a", "n": 1}))

        assert found == Print(packages={"pandas": "2.2"}, variables=("LAKE", "TZ"))

    def test_plugins_count_by_the_version_of_their_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engines, "plugins", lambda group: [Plugin(group, "lake", "lake:Feed", "lakes")])
        monkeypatch.setattr(engines, "version_of", {"lakes": "2.0"}.__getitem__)

        assert self.asked(Provider("mine", "lake", {})).packages == {"pandas": "2.2", "lakes": "2.0"}

    def test_code_of_the_project_is_asked_each_time(self) -> None:
        found = self.asked(Provider("csv", BUNDLED_FEEDS["csv"], {}), Provider("mine", "lake:Feed", {}))

        assert found.unknown == "it asks feed 'mine' (lake:Feed), which may answer otherwise each time"

    def test_what_is_asked_is_part_of_the_call(self) -> None:
        others = [
            replace(FEED.call, query="u"),
            replace(FEED.call, ordinal="week"),
            replace(FEED.call, labels=(("left", "y"),)),
        ]

        digests = {call_digest(replace(FEED, call=call)) for call in (FEED.call, *others)}

        assert len(digests) == 1 + len(others)
