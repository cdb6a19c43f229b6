"""`Generative` is a scikit-learn estimator with every family, and behaves as one in pipelines and searches.

scikit-learn's own checks fit some eighty times: six families are checked always, the others in the slow suite.
"""

import pickle
import pickletools
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import likely
from likely.names import table
from likely.sklearn import Generative

X, Y = load_iris(return_X_y=True)


WANT_LABELS = ("Logistic", "NoisyClassifier", "CLIP")
QUICKLY = {name: {"temperatures": 16, "chains": 8} for name in ("Energy", "RBM")}  # of a normaliser, after every fit
ALWAYS = ("NaiveBayes", "GaussianMixture", "Autoencoder", "VAE", "RealNVP", "GAN")  # one of each way to learn and score
CHECKED = [pytest.param(name, marks=[pytest.mark.slow] * (name not in ALWAYS)) for name in table("Family")
           if name not in WANT_LABELS]  # fmt: skip


@pytest.mark.parametrize("family", CHECKED)
def test_every_family_passes_scikit_learn_s_own_checks(family):
    verdicts = check_estimator(Generative(getattr(likely, family)(**QUICKLY.get(family, {})), budget=5), on_skip=None)
    assert {verdict["status"] for verdict in verdicts} <= {"passed", "skipped"}
    assert sum(verdict["status"] == "passed" for verdict in verdicts) > 35


def test_classes_are_told_as_gaussian_naive_bayes_tells_them():
    ours = Generative(likely.NaiveBayes(strength=1e-9), conditional=True).fit(X, Y)
    peer = GaussianNB().fit(X, Y)
    assert (ours.predict(X) == peer.predict(X)).mean() > 0.99
    assert np.allclose(ours.predict_proba(X).sum(axis=1), 1.0)
    assert ours.score(X, Y) > 0.94
    assert ours.classes_.tolist() == [0, 1, 2]


def test_parameters_reach_into_the_family():
    estimator = Generative(likely.VAE(network=None))
    estimator.set_params(family__latent=3, family__network="mlp")
    estimator.set_params(family__network__width=32, budget=7)
    assert estimator.family.latent == 3
    assert estimator.get_params()["family__network__width"] == 32
    assert clone(estimator).get_params() == estimator.get_params()
    with pytest.raises(ValueError, match="no field"):
        estimator.set_params(family__depthh=3)
    with pytest.raises(ValueError, match="Invalid parameter"):
        estimator.set_params(colour__x=3)


def test_a_search_over_a_field_in_a_pipeline():
    pipe = make_pipeline(StandardScaler(), Generative(likely.NaiveBayes(), conditional=True))
    search = GridSearchCV(pipe, {"generative__family__smoothing": [0.5, 2.0]}, cv=3).fit(X, Y)
    assert search.best_score_ > 0.9


def test_a_pickle_holds_the_store_s_bytes_and_no_module_of_ours_but_the_estimator():
    fitted = Generative(likely.VAE(latent=2), budget=5).fit(X)
    held = pickle.dumps(fitted)
    words = {said for _, said, _ in pickletools.genops(held) if isinstance(said, str)}
    modules = {word.partition(".")[0] for word in words if word.partition(".")[0] in sys.modules}
    assert modules <= {"likely", "numpy", "builtins", "codecs", "copyreg"}, modules
    assert "VAEModel" not in words
    assert np.array_equal(pickle.loads(held).score_samples(X), fitted.score_samples(X))


def test_outliers_are_told_in_pyod_s_manner():
    far = np.full((5, 4), 50.0)
    estimator = Generative(likely.KDE(), contamination=0.05).fit(X)
    assert estimator.predict(far).tolist() == [1] * 5
    assert abs(estimator.predict(X).mean() - 0.05) < 0.03
    assert estimator.decision_scores_.shape == (150,)
    assert estimator.decision_function(far).min() > estimator.threshold_
    assert (estimator.labels_ == estimator.predict(X)).all()
    sure = estimator.predict_confidence(np.concatenate([X, far]))
    assert ((sure >= 0) & (sure <= 1)).all()
    assert sure[len(X) :].min() > 0.99


def test_outliers_are_told_by_misfits_where_there_is_no_density():
    estimator = Generative(likely.Autoencoder(latent=1), budget=300, contamination=0.05).fit(X)
    assert not hasattr(estimator, "score_samples")
    strange = np.array([[8.0, 2.0, 1.0, 2.5], [4.5, 4.5, 7.0, 0.1]])
    assert estimator.predict(strange).tolist() == [1, 1]
    assert abs(estimator.predict(X).mean() - 0.05) < 0.03
    assert estimator.inverse_transform(estimator.transform(X)).shape == X.shape


def test_scores_depend_neither_on_order_nor_on_company():
    estimator = Generative(likely.VAE(latent=2), budget=5).fit(X)
    whole = estimator.score_samples(X)
    assert np.allclose(estimator.score_samples(X[::-1])[::-1], whole, rtol=1e-10)
    assert np.allclose(estimator.score_samples(X[7:9]), whole[7:9], rtol=1e-10)


def test_partial_fit_counts_on():
    whole = Generative(likely.NaiveBayes(), conditional=True).fit(X, Y)
    parts = Generative(likely.NaiveBayes(), conditional=True)
    order = np.random.default_rng(0).permutation(len(X))
    for rows in np.array_split(order, 3):
        parts.partial_fit(X[rows], Y[rows])
    assert np.allclose(parts.score_samples(X), whole.score_samples(X), atol=1e-3)
    assert not hasattr(Generative(likely.VAE()), "partial_fit")


def test_frames_with_words_are_welcome():
    frame = pd.DataFrame({"a": np.r_[X[:, 0]], "b": np.where(Y == 0, "yes", "no")})
    estimator = Generative(likely.NaiveBayes()).fit(frame)
    assert estimator.score_samples(frame).shape == (150,)
    assert list(estimator.sample(3).columns) == ["a", "b"]


def test_what_a_family_has_not_promised_is_not_there():
    gan = Generative(likely.GAN(), budget=3).fit(X)
    assert gan.sample(4).shape == (4, 4)
    for name in ("score_samples", "transform", "predict", "partial_fit"):
        assert not hasattr(gan, name)


def test_codes_there_and_back():
    flow = Generative(likely.RealNVP(layers=2, width=8), budget=5).fit(X)
    codes = flow.transform(X)
    assert np.allclose(flow.inverse_transform(codes), X, atol=1e-3)
    assert flow.get_feature_names_out().tolist() == ["z1", "z2", "z3", "z4"]
    with pytest.raises(ValueError, match="X has 3 features, but a code of this model is 4 numbers"):
        flow.inverse_transform(codes[:, :3])
    frame = pd.DataFrame({"a": X[:, 0], "b": np.where(Y == 0, "yes", "no")})
    vae = Generative(likely.VAE(latent=3), budget=2).fit(frame)
    assert list(vae.inverse_transform(vae.transform(frame))) == ["a", "b"]
    assert make_pipeline(StandardScaler(), flow).fit(X).transform(X).shape == (150, 4)


def test_a_code_that_needs_a_class_is_not_offered():
    given = Generative(likely.VAE(latent=2), conditional=True, budget=2).fit(X, Y)
    for name in ("transform", "inverse_transform", "fit_transform", "get_feature_names_out"):
        assert not hasattr(given, name)
