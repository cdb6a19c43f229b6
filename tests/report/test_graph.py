"""Graphs as figures: every name and edge, the strongest where there are many, nothing where there are none."""

from xml.etree import ElementTree

from likely.apps.graph import Graph
from likely.contracts import Edge
from likely.report.graph import MOST, graph_of, left_out

HOSTILE = '<script>"&'


def test_a_tree_has_its_names_and_edges() -> None:
    edges = (Edge(0, 1, 0.5), Edge(1, 2, 0.25), Edge(0, 2, 0.01), Edge(3, 4, 0.1))
    graph = Graph("", (HOSTILE, "b", "c", "d", "e", "alone"), edges)
    drawn = ElementTree.fromstring(graph_of(graph))
    assert len(drawn.findall("line")) == 4
    assert HOSTILE in [each.text for each in drawn.findall("text")]
    shades = {each.get("class") for each in drawn.findall("line")}
    assert "edge strong" in shades
    assert "edge faint" in shades
    heights = [float(each.get("y", 0)) for each in drawn.findall("text")]
    assert max(heights) < float(str(drawn.get("viewBox")).split()[3])
    assert left_out(graph) == 0


def test_many_columns_are_the_strongest() -> None:
    edges = tuple(Edge(0, d, 1.0 / d) for d in range(1, 100))
    graph = Graph("", tuple(f"column {d}" for d in range(100)), edges)
    drawn = ElementTree.fromstring(graph_of(graph))
    assert len(drawn.findall("text")) == MOST
    assert left_out(graph) == 100 - MOST


def test_pictures_are_lines_between_pixels() -> None:
    graph = Graph("", (), (Edge(0, 1, 0.5), Edge(1, 5, 0.25)), places=(1, 4, 4))
    assert len(ElementTree.fromstring(graph_of(graph)).findall("line")) == 2
    assert left_out(graph) == 0


def test_no_edges_no_figure() -> None:
    assert graph_of(Graph("", ("a", "b"), ())) == ""
