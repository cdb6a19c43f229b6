"""The verbs of a fitted model: forms, seeds, conditions, kinds, completion, refusals."""

# pyright: reportAttributeAccessIssue=false

import numpy as np
import pandas as pd
import pytest
import torch

import likely
from likely.codecs import Lift
from likely.contracts import Lifted
from likely.data import series_of, sounds_of
from likely.errors import CannotAnswer, ConditionError, Corrupt, DataError, WrongRows
from likely.training import Engine

EXACT = ("NaiveBayes", "KDE")
ENGINE = Engine(threads=1, probe=False)


def people(n=300, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, n).round()
    return pd.DataFrame({
        "age": np.where(rng.random(n) < 0.1, np.nan, age),
        "income": np.where(rng.random(n) < 0.3, 0.0, np.exp(rng.normal(10, 1, n)).round(2)),
        "visits": rng.poisson(2, n),
        "sex": rng.choice(["f", "m"], n),
        "city": rng.choice(["Bern", "Basel", "Genf"], n),
    })  # fmt: skip


@pytest.fixture(scope="module")
def bayes():
    return likely.fit(people(), likely.NaiveBayes(), condition="sex")


@pytest.fixture(scope="module")
def flow():
    return likely.fit("moons", likely.RealNVP(layers=2, width=16), budget=20)


@pytest.fixture(scope="module")
def gan():
    return likely.fit("moons", likely.GAN(), budget=5)


def test_a_frame_in_is_a_frame_out_in_its_order_and_types(bayes):
    drawn = bayes.sample(50)
    assert list(drawn.columns) == list(people().columns)
    assert drawn["visits"].dtype == people()["visits"].dtype
    assert set(drawn["city"]) <= {"Bern", "Basel", "Genf"}


def test_an_array_in_is_an_array_out():
    fitted = likely.fit(np.random.default_rng(0).normal(size=(200, 3)), likely.KDE())
    assert isinstance(fitted.sample(4), np.ndarray)
    assert fitted.sample(4).shape == (4, 3)


def test_polars_in_is_polars_out():
    polars = pytest.importorskip("polars")
    fitted = likely.fit(polars.from_pandas(people()), likely.NaiveBayes())
    assert isinstance(fitted.sample(4), polars.DataFrame)


def test_sample_i_depends_on_the_seed_and_i_alone(bayes):
    pd.testing.assert_frame_equal(bayes.sample(3, seed=4), bayes.sample(30, seed=4).head(3))
    assert not bayes.sample(30, seed=4).equals(bayes.sample(30, seed=5))


def test_given_a_class_every_row_has_it(bayes):
    assert set(bayes.sample(20, given={"sex": "f"})["sex"]) == {"f"}
    assert bayes.sample(2, given={"sex": ["f", "m"]})["sex"].tolist() == ["f", "m"]


def test_given_a_free_column_the_rest_is_completed(bayes):
    drawn = bayes.sample(20, given={"city": "Bern", "sex": "m"})
    assert set(drawn["city"]) == {"Bern"}
    assert set(drawn["sex"]) == {"m"}


def test_what_is_known_comes_back_untouched(bayes):
    holes = people(30, seed=3)
    holes.loc[::2, "income"] = np.nan
    filled = bayes.complete(holes)
    assert filled.way == "exact"
    known = holes["income"].notna()
    assert filled.rows["income"][known].tolist() == holes["income"][known].tolist()
    assert filled.rows["income"].notna().all()


@pytest.mark.parametrize("family", EXACT)
def test_completion_is_as_precise_as_the_model_and_row_by_row(family, monkeypatch):
    exact = likely.fit(people(), getattr(likely, family)())
    holes = people(30, seed=3).assign(income=np.nan)
    whole = exact.complete(holes).rows
    monkeypatch.setattr("likely.filling.BATCH", 7)
    monkeypatch.setattr("likely.scoring.BATCH", 7)
    pd.testing.assert_frame_equal(exact.complete(holes).rows, whole)
    exact.model.double()
    assert np.allclose(exact.complete(holes).rows["income"], whole["income"], rtol=1e-3)


def test_what_is_told_of_rows_has_their_labels(bayes):
    rows = people(30, seed=3).iloc[[20, 3, 11]]
    assert bayes.classify(rows).index.tolist() == [20, 3, 11]
    assert bayes.complete(rows.drop(columns="income")).rows.index.tolist() == [20, 3, 11]
    told = likely.fit(people(), likely.Logistic(), target="sex").classify(rows)
    assert told.index.tolist() == [20, 3, 11]


def test_a_condition_with_missing_cells_is_loaded_again(tmp_path):
    rows = people()
    rows["city"] = rows["city"].mask(rows.index % 7 == 0)
    fitted = likely.fit(rows, likely.RealNVP(layers=1, width=8), condition=["sex", "city"], budget=2)
    again = likely.load(fitted.save(tmp_path / "m"))
    pd.testing.assert_frame_equal(again.sample(20), fitted.sample(20))


@pytest.mark.parametrize("family", EXACT)
def test_exact_families_say_so_and_the_sign_follows_the_lift(family, monkeypatch):
    kind = getattr(likely, family)
    assert likely.fit(people(), kind()).score(people(20, seed=9)).kind == "="
    monkeypatch.setattr(kind, "lifted", Lifted.DEQUANTISED)
    assert Lift(likely.fit(people(), kind()).codec.space, Lifted.DEQUANTISED).exact is False
    assert likely.fit(people(), kind()).score(people(20, seed=9)).kind == "≥ ≈"


def test_an_exact_flow_on_reals_and_a_bound_on_categories(flow):
    assert flow.score("moons").kind == "="
    mixed = likely.fit(people(), likely.RealNVP(layers=2, width=16), budget=5)
    assert mixed.score(people(20, seed=9)).kind == "≥ ≈"


def test_scaling_a_column_shifts_its_density_by_the_log(flow):
    rows = likely.read("moons").frame
    scaled = rows * 1000.0
    a = likely.fit(rows, likely.KDE()).score(rows.head(20)).nats
    b = likely.fit(scaled, likely.KDE()).score(scaled.head(20)).nats
    assert torch.allclose(a - 2 * np.log(1000.0), b, atol=1e-3)


def test_a_row_s_score_does_not_depend_on_its_company():
    mixed = likely.fit(people(), likely.RealNVP(layers=2, width=16), budget=5)
    rows = people(40, seed=9)
    whole = mixed.score(rows).nats
    assert torch.allclose(mixed.score(rows.iloc[7:9]).nats, whole[7:9], atol=1e-4)
    assert torch.allclose(mixed.score(rows.iloc[::-1]).nats.flip(0), whole, atol=1e-4)


def test_a_model_without_a_density_names_families_that_have_one(gan):
    with pytest.raises(CannotAnswer, match=r"GAN has no density.*NaiveBayes"):
        gan.score("moons")
    label = likely.fit("iris", likely.Logistic(), target="species", certify=False)
    with pytest.raises(CannotAnswer, match="Families that can"):
        label.complete(likely.read("iris").frame.head(2))
    with pytest.raises(CannotAnswer, match="no latent space"):
        likely.fit("moons", likely.KDE()).encode("moons")


def test_classes_by_bayes_rule_sum_to_one(bayes):
    found = bayes.classify(people(20, seed=2))
    assert np.allclose(found.sum(axis=1), 1.0)
    assert list(found.columns) == ["f", "m"]
    marginal = bayes.log_marginal(people(20, seed=2))
    assert torch.isfinite(marginal).all()


def test_codes_go_there_and_back(flow):
    rows = likely.read("moons").frame.head(10)
    again = flow.decode(flow.encode(rows))
    assert np.allclose(again.to_numpy(), rows.to_numpy(), atol=1e-3)


def test_bad_rows_are_told_by_column(bayes):
    with pytest.raises(DataError, match="age"):
        bayes.score(people().drop(columns="age"))
    with pytest.raises(ConditionError, match="sex"):
        bayes.score(people().drop(columns="sex"))
    with pytest.raises(WrongRows, match="height"):
        bayes.sample(3, given={"height": 3})
    with pytest.raises(DataError, match=r"unknown|not there"):
        bayes.sample(3, given={"sex": "x"})
    with pytest.raises(WrongRows, match="at least 1"):
        bayes.sample(0)


def test_extra_columns_at_score_time_are_ignored(bayes):
    rows = people(10, seed=1)
    assert torch.equal(bayes.score(rows).nats, bayes.score(rows.assign(more=1)).nats)


def test_an_unknown_category_at_score_time_has_reserved_mass(bayes):
    rows = people(10, seed=1)
    rows.loc[0, "city"] = "Atlantis"
    scores = bayes.score(rows)
    assert torch.isfinite(scores.nats).all()


def test_a_model_saved_and_loaded_answers_the_same(bayes, flow, tmp_path):
    for fitted, data in ((bayes, people(10)), (flow, "moons")):
        again = likely.load(fitted.save(tmp_path / f"{fitted.name}.likely"))
        assert torch.equal(again.score(data).nats, fitted.score(data).nats)
        assert again.card == fitted.card


def test_more_rows_make_the_certificates_those_of_another_model():
    fitted = likely.fit("iris", likely.NaiveBayes())
    assert fitted.card.certificates is not None
    assert fitted.observed("iris").card.certificates is None


def test_damaged_certificates_are_refused(bayes):
    parts = bayes.parts()
    parts.document["card"]["certificates"]["checks"] = "all well"
    with pytest.raises(Corrupt, match="certificates"):
        likely.Fitted.of(parts)


@pytest.fixture(scope="module")
def overfitted():
    """Too wide a network on too few rows: the best weights are not the last."""
    family = likely.RealNVP(layers=4, width=64, rate=1e-2)
    return likely.fit(people(80).drop(columns="city"), family, budget=300, engine=ENGINE, certify=False)


def test_the_last_weights_are_kept_beside_the_best(overfitted, tmp_path):
    kept, final = (overfitted.card.measures[end] for end in ("kept", "final"))
    assert kept["step"] < final["step"]
    assert kept["value"] < final["value"]
    assert overfitted.card.measures["rule"].startswith("the smallest -log p (or its bound) on ")
    last = overfitted.final()
    assert not any(torch.equal(a, b) for a, b in zip(last.model.parameters(), overfitted.model.parameters()))
    loaded = likely.load(overfitted.save(tmp_path / "run"))
    assert (tmp_path / "run" / "final.safetensors").is_file()
    for one, two in ((last, loaded.final()), (overfitted, loaded)):
        assert one.sample(5).equals(two.sample(5))
    assert loaded.final().save(tmp_path / "last") == tmp_path / "last"
    assert not (tmp_path / "last" / "final.safetensors").exists()
    assert likely.load(tmp_path / "last").sample(5).equals(last.sample(5))


def test_what_was_measured_of_the_kept_weights_is_not_told_of_the_last(overfitted):
    last = overfitted.final()
    assert "validation" in overfitted.card.measures
    assert last.card.measures.keys() == {"kept", "final", "rule"}
    assert last.card.measures["kept"] == overfitted.card.measures["final"]
    assert last.card.certificates is None
    assert last.final() is last


def test_where_the_last_weights_are_the_best_there_is_one_model(bayes):
    assert bayes.final() is bayes


def test_a_game_is_told_by_the_distance_of_its_draws(gan):
    measures = gan.card.measures
    assert measures["unit"] == "distance"
    assert measures["rule"].startswith("the smallest distance of drawn rows from ")
    assert measures["kept"]["error"] > 0


def waves(n=200):
    return np.sin(np.arange(12 * n).reshape(n, 12) / 3) + np.arange(n)[:, None] % 3


KINDS = {
    "a table with gaps given a class": lambda: (people(), {"condition": "sex"}),
    "pictures given a label": lambda: ("digits", {"condition": "label"}),
    "series": lambda: (series_of(waves()[..., None]), {}),
    "sounds": lambda: (sounds_of([wave / 4 for wave in waves()], 8000), {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_games_over_every_kind_of_rows_can_be_judged(kind):
    data, given = KINDS[kind]()
    fitted = likely.fit(data, likely.GAN(width=16), budget=2, engine=ENGINE, certify=False, **given)
    kept = fitted.card.measures["kept"]
    assert fitted.card.measures["unit"] == "distance"
    assert np.isfinite([kept["value"], kept["error"]]).all()
