"""Graphs in text: trees by name, several parents, classes, pictures; nothing of models that have none."""

import numpy as np
import pandas as pd

import likely
from likely.apps.graph import Graph, graphs
from likely.contracts import Edge
from likely.distributions.structure import ChowLiu


def chain(n: int = 2000, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rain = rng.random(n) < 0.3
    wet = rain ^ (rng.random(n) < 0.1)
    slip = wet & (rng.random(n) < 0.7)
    day = rng.choice(["mon", "tue"], n)
    return pd.DataFrame({"day": day, "rain": rain, "wet": wet, "slip": slip})


def test_a_tree_in_text() -> None:
    (graph,) = graphs(likely.fit(chain(), likely.BayesNet()))
    lines = str(graph).split("\n")
    assert lines[0] == "wet"
    assert lines[1].startswith("├─ slip  0.")
    assert lines[2].startswith("└─ rain  0.")
    assert lines[3] == "depending on no other: day"


def test_several_parents_and_depth() -> None:
    edges = (Edge(0, 1, 0.5), Edge(1, 2, 0.25), Edge(0, 2, 0.125), Edge(2, 3, 0.1))
    told = str(Graph("", ("a", "b", "c", "d"), edges)).split("\n")
    assert told == [
        "a",
        "├─ b  0.500",
        "│  └─ c  0.250",
        "│     └─ d  0.100",
        "└─ c  0.125  (drawn below b)",
    ]


def test_a_graph_for_each_class() -> None:
    fitted = likely.fit(chain(), likely.BayesNet(structure=ChowLiu(shared=False)), condition="day")
    told = [str(graph).split("\n")[:2] for graph in graphs(fitted)]
    assert told == [[f"day = {day}", "every column depends on day too"] for day in ("mon", "tue")]


def test_pictures_tell_their_strongest_edges() -> None:
    (graph,) = graphs(likely.fit("digits", likely.BayesNet(bins=4)))
    assert "pixels of 8 x 8 pictures" in str(graph)
    assert graph.places == (1, 8, 8)


def test_other_models_have_none() -> None:
    assert graphs(likely.fit("iris", likely.NaiveBayes())) == ()
