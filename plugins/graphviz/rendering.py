"""DOT text as a picture: by Graphviz' program when it is there, else by the library that brings its own Graphviz."""

from __future__ import annotations

from ...core.errors import PluginError


class NoGraphviz(PluginError):
    """There is nothing here that draws."""


def rendered(source: str, form: str) -> bytes:
    """Return a picture of a graph.

    Args:
        source: in the DOT language.
        form: `svg`, `png` or `pdf`.

    Raises:
        NoGraphviz: it is not installed.
        PluginError: it could not draw the graph.
    """
    import graphviz  # 37 ms, for pictures alone

    try:
        return bytes(graphviz.pipe("dot", form, source.encode(), quiet=True))
    except graphviz.ExecutableNotFound as missing:
        try:
            import pygraphviz  # the extra `svg`
        except ImportError:
            raise NoGraphviz(
                f"{form} needs Graphviz, which is not installed",
                "pip install 'graftline[svg]', or the program dot (apt install graphviz, brew install graphviz); "
                "--format text, dot and mermaid work without",
            ) from missing
        return _by_library(pygraphviz.AGraph(string=source), form)
    except graphviz.CalledProcessError as error:
        raise PluginError(f"Graphviz could not draw the graph: {error}") from error


def _by_library(graph: object, form: str) -> bytes:
    try:
        return bytes(graph.draw(format=form, prog="dot"))  # type: ignore[attr-defined]
    except (OSError, ValueError) as error:
        raise PluginError(f"Graphviz could not draw the graph: {error}") from error
