"""The table of checks and the heat map."""

import re

import likely
from likely.apps.contender import Contender
from likely.certificates.certificate import Dependence
from likely.report.checked import certified, heat_map, lines, maps, names_of


def test_a_line_a_model_and_a_column_a_check():
    models = {name: likely.fit("iris", name, budget=3) for name in ("NaiveBayes", "GAN")}
    bare = likely.fit("iris", "NaiveBayes", certify=False)
    everyone = [Contender(name, fitted=fitted) for name, fitted in models.items()]
    found = certified([*everyone, Contender("bare", fitted=bare), Contender("rows")])
    assert [name for name, _ in found] == ["NaiveBayes", "GAN"]
    names = names_of(found)
    assert names.index("dependence") < names.index("mass") == len(names) - 1
    first, second = lines(found)
    assert {mark.sign for mark in first.marks} <= {"✓", "–"}
    assert second.marks[names.index("mass")].sign == ""
    assert second.marks[names.index("dependence")].sign == "–"
    assert [name for name, _, _ in maps(found)] == ["NaiveBayes"]


def test_a_heat_map_has_a_shade_for_what_is_there_and_nothing_for_what_is_not():
    drawn = heat_map(Dependence(("<a>", "b"), ("k",), ((9.0, 4.0, 0.0), (0.0, 1.0, 1.0)), "nats"))
    assert "<a>" not in drawn
    assert drawn.count("&lt;a&gt;") == 2
    shades = re.findall(r'class="heat" fill-opacity="([\d.]+)"', drawn)
    assert shades == ["0.44", "1.00"]
    assert drawn.count('class="own"') == 1
    assert "NaN" not in drawn


def test_many_columns_have_no_names_and_none_have_no_shades():
    names = tuple(f"column {i}" for i in range(60))
    drawn = heat_map(Dependence(names, (), tuple((0.0,) * 60 for _ in names), "nats"))
    assert "column 3" not in drawn
    assert "heat" not in drawn
