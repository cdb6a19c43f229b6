"""Graphs as figures: a tree of columns from left to right; of pictures, lines between their pixels."""

from markupsafe import Markup

from likely.apps.graph import Graph
from likely.contracts import Edge
from likely.report.drawing import dots, line, shortened, svg, text

MOST = 40  # columns that are drawn: those of the strongest edges
STEP, ROW, MARGIN, LETTERS = 118.0, 17.0, 12.0, 19  # between generations, between columns, around, of a name
SIDE = 300.0  # of a picture's graph
SHADES = ("faint", "weak", "strong")


def graph_of(graph: Graph) -> Markup:
    """The figure of one graph."""
    edges = sorted(graph.edges, key=lambda edge: -edge.nats)
    if not edges:
        return Markup()
    return _pixels(graph, edges) if graph.places is not None else _tree(graph, edges)


def _shade(edge: Edge, strongest: float) -> str:
    """How dark an edge is drawn: by thirds of the square root of what it tells."""
    share = (max(edge.nats, 0.0) / strongest) ** 0.5 if strongest > 0 else 1.0
    return SHADES[min(int(3 * share), 2)]


def _tree(graph: Graph, edges: list[Edge]) -> Markup:
    shown = _shown(edges)
    kept = [edge for edge in edges if edge.parent in shown and edge.child in shown]
    places = _places(kept, shown)
    width = max(x for x, _ in places.values()) + STEP + MARGIN
    shapes = []
    for edge in reversed(kept):
        (x1, y1), (x2, y2) = places[edge.parent], places[edge.child]
        shapes.append(line(x1 + STEP * 0.72, y1, x2 - 5, y2, f"edge {_shade(edge, edges[0].nats)}"))
    shapes += [text(x, y + 3.5, shortened(graph.names[d], LETTERS), "name") for d, (x, y) in places.items()]
    height = max(y for _, y in places.values()) + MARGIN
    return svg(width, height, shapes, label="which column depends on which")


def left_out(graph: Graph) -> int:
    """How many columns with edges are not drawn."""
    ends = {d for edge in graph.edges for d in (edge.parent, edge.child)}
    shown = _shown(sorted(graph.edges, key=lambda edge: -edge.nats))
    return 0 if graph.places is not None else len(ends - shown)


def _shown(edges: list[Edge]) -> set[int]:
    """The columns of the strongest edges."""
    shown: set[int] = set()
    for edge in edges:
        if len(shown | {edge.parent, edge.child}) <= MOST:
            shown |= {edge.parent, edge.child}
    return shown


def _places(edges: list[Edge], shown: set[int]) -> dict[int, tuple[float, float]]:
    """Each column right of its first parent, leaves below each other, parents in the middle of their children."""
    first: dict[int, int] = {}
    for edge in edges:
        first.setdefault(edge.child, edge.parent)
    below = {d: [child for child, parent in first.items() if parent == d] for d in shown}
    places: dict[int, tuple[float, float]] = {}
    leaves = 0

    def put(d: int, depth: int) -> float:
        nonlocal leaves
        heights = [put(child, depth + 1) for child in below[d]]
        if not heights:
            leaves += 1
        y = (heights[0] + heights[-1]) / 2 if heights else MARGIN + ROW * (leaves - 0.5)
        places[d] = MARGIN + STEP * depth, y
        return y

    for root in sorted(shown - set(first), key=lambda d: -len(below[d])):
        put(root, 0)
    return places


def _pixels(graph: Graph, edges: list[Edge]) -> Markup:
    """A line for every edge; a picture's channels lie on top of each other."""
    assert graph.places is not None
    _, height, width = graph.places
    step = SIDE / max(height, width)

    def at(place: int) -> tuple[float, float]:
        return (place % width + 0.5) * step, (place // width % height + 0.5) * step

    lines = [line(*at(e.parent), *at(e.child), f"edge {_shade(e, edges[0].nats)}") for e in reversed(edges)]
    points = dots([at(place) for place in range(height * width)], 0.8, "dots real")
    return svg(width * step, height * step, [points, *lines], label="which pixel depends on which")
