"""What a model that can be drawn looks like: its columns by name, as a tree in text or for a figure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from likely.codecs import TableCodec
from likely.contracts import Drawable, Edge
from likely.fitted import Fitted
from likely.spaces import Image

LISTED = 12  # edges that are told of pictures


@dataclass(frozen=True)
class Graph:
    """A model's graph in the person's words."""

    title: str  # of which class, where classes differ
    names: tuple[str, ...]  # of the columns; none of pictures
    edges: tuple[Edge, ...]
    given: tuple[str, ...] = ()  # what every column depends on too
    places: tuple[int, int, int] | None = None  # channels, height and width of pictures

    def __str__(self) -> str:
        return "\n".join(_told(self))


def graphs(fitted: Fitted[Any]) -> tuple[Graph, ...]:
    """The model's graphs: one, or one for each class; none where it cannot be drawn."""
    model, codec = fitted.model, fitted.codec
    if not isinstance(model, Drawable):
        return ()
    found, space = model.graphs(), codec.space
    places = (space.channels, space.height, space.width) if isinstance(space, Image) else None
    names = codec.names if isinstance(codec, TableCodec) else ()
    titles = _classes(fitted) if len(found) > 1 else [""]
    told = zip(titles, found, strict=True)
    return tuple(Graph(title, names, edges, fitted.card.condition, places) for title, edges in told)


def _classes(fitted: Fitted[Any]) -> list[str]:
    assert fitted.condition_codec is not None
    assert fitted.conditions is not None
    frame = fitted.condition_codec.decode(fitted.conditions.cells).frame
    return [", ".join(f"{name} = {value}" for name, value in row.items()) for row in frame.to_dict("records")]


def _told(graph: Graph) -> Iterator[str]:
    """The trees, each column under the one it depends on, with what that tells of it in nats a row."""
    if graph.title:
        yield graph.title
    if graph.given:
        yield f"every column depends on {', '.join(graph.given)} too"
    if graph.places is not None:
        yield from _told_pixels(graph)
        return
    parents = [edge.parent for edge in graph.edges]
    children = {edge.child for edge in graph.edges}
    for root in (d for d in range(len(graph.names)) if d in parents and d not in children):
        yield graph.names[root]
        yield from _branches(graph, root, "")
    alone = [name for d, name in enumerate(graph.names) if d not in children and d not in parents]
    if alone:
        yield f"depending on no other: {', '.join(alone)}"


def _branches(graph: Graph, root: int, indent: str) -> Iterator[str]:
    """What hangs below a column; one with several parents hangs below its first, and is named below the others."""
    below = sorted((edge for edge in graph.edges if edge.parent == root), key=lambda edge: -edge.nats)
    for place, edge in enumerate(below):
        last = place == len(below) - 1
        first = next(other.parent for other in graph.edges if other.child == edge.child)
        more = "" if first == root else f"  (drawn below {graph.names[first]})"
        yield f"{indent}{'└─' if last else '├─'} {graph.names[edge.child]}  {edge.nats:.3f}{more}"
        if first == root:
            yield from _branches(graph, edge.child, indent + ("   " if last else "│  "))


def _told_pixels(graph: Graph) -> Iterator[str]:
    assert graph.places is not None
    _, height, width = graph.places
    yield f"{len(graph.edges):,} edges between the pixels of {height} x {width} pictures; the strongest (row, column):"
    for edge in sorted(graph.edges, key=lambda edge: -edge.nats)[:LISTED]:
        ends = [(place // width % height, place % width) for place in (edge.parent, edge.child)]
        yield f"{ends[0]} - {ends[1]}  {edge.nats:.3f}"
