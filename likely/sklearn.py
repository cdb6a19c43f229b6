"""`Generative`: any family as a scikit-learn estimator.

    Generative(RealNVP(layers=4), budget=500).fit(X).score_samples(X)
    Generative(NaiveBayes(), conditional=True).fit(X, y).predict_proba(X)      # p(y | x) by Bayes' rule
    GridSearchCV(Generative(VAE()), {"family__latent": [2, 8]})                # fields by path

Unconditional, `predict` tells outliers (1) from the rest (0) in PyOD's manner; given classes, it tells the class.
Scores are in float64, with noise keyed by a row's own content: they depend neither on order nor on company.
"""

# scikit-learn's hints are narrower than what it takes
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.stats import binom
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import ClassifierTags, TransformerTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_feature_names,
    _check_feature_names_in,
    _check_n_features,
    _check_sample_weight,
    check_array,
    check_is_fitted,
    validate_data,
)

from likely.apps.codes import decoded, names_of
from likely.apps.strange import scores_of
from likely.data import Table, read
from likely.families.naive_bayes import NaiveBayes
from likely.fields import amended
from likely.fitted import Fitted
from likely.fitting import fit
from likely.source import promises
from likely.store import Parts, from_bytes, to_bytes
from likely.training import Engine

Array = np.ndarray[Any, Any]
CLASS = "__class__"
SAME = 1e-9  # scores that near are one: the last bits of a score are its neighbours' in the batch
AS_GIVEN = {"kind": "real", "transform": "standard", "atoms": []}  # a matrix of numbers is taken as it is


def _promises(*wanted: str) -> Callable[["Generative"], bool]:
    """The family has promised one of these."""
    return lambda estimator: bool(set(wanted) & set(promises(type(estimator._family).__name__)))


def _has_codes(estimator: "Generative") -> bool:
    """The family has promised codes, and a row's code needs no class."""
    return "Latent" in promises(type(estimator._family).__name__) and not estimator.conditional


def _has_classes(estimator: "Generative") -> bool:
    return estimator.conditional


scores = _promises("Density", "Weighted", "Bound", "Estimated")
judges = _promises("Density", "Weighted", "Bound", "Estimated", "Reconstructs")


def _judges_rows(estimator: "Generative") -> bool:
    """Rows are told apart as usual and outlying."""
    return judges(estimator) and not estimator.conditional


def _predicts(estimator: "Generative") -> bool:
    """Outliers are told by any score of strangeness, classes by a density alone."""
    return scores(estimator) if estimator.conditional else judges(estimator)


class Generative(DensityMixin, BaseEstimator):
    """A family of generative models behind scikit-learn's interface."""

    def __init__(
        self,
        family: Any = None,
        *,
        conditional: bool = False,
        budget: int | str | None = 200,
        contamination: float = 0.1,
        random_state: int | None = 0,
    ) -> None:
        self.family = family
        self.conditional = conditional
        self.budget = budget
        self.contamination = contamination
        self.random_state = random_state

    @property
    def _family(self) -> Any:
        return NaiveBayes() if self.family is None else self.family

    # Parameters ------------------------------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, and the family's fields by path: family__latent, family__network__width."""
        found = super().get_params(deep=False)
        return found | (_deep("family", found["family"]) if deep else {})

    def set_params(self, **params: Any) -> "Generative":
        """Set parameters; fields of the family by their path."""
        plain = {name: value for name, value in params.items() if "__" not in name}
        super().set_params(**plain)
        for path in params.keys() - plain.keys():
            owner, _, rest = path.partition("__")
            if owner != "family":
                raise ValueError(
                    f"Invalid parameter {owner!r} for estimator {self}: family__FIELD sets a family's field"
                )
            self.family = amended(self._family, rest, params[path])
        return self

    # Fitting ---------------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> "Generative":
        """Fit p(X), or p(X | y) where `conditional`."""
        frame = self._frame(X, reset=True)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, frame, dtype=np.float64)
        frame, weight = _repeated(self._with_classes(frame, y), weight)
        rows = self._rows(frame)
        order = np.argsort(rows.hashes(), kind="stable")  # a fit does not depend on the rows' order
        weight = None if weight is None else weight[order]
        self.fitted_ = fit(
            rows.take(order), self._family, condition=CLASS if self.conditional else None, budget=self.budget,
            weight=weight, seed=self._seed(), engine=Engine(threads=1, probe=False), certify=False,
        )  # fmt: skip
        self._judged(rows)
        return self

    def _seed(self) -> int:
        return 0 if self.random_state is None else int(self.random_state)

    def _judged(self, rows: Table) -> None:
        """The threshold that `predict` tells outliers by."""
        self.fitted_.model.double()
        if judges(self):
            self.decision_scores_ = scores_of(self.fitted_, rows)
            threshold = float(np.quantile(self.decision_scores_, 1 - self.contamination))
            self.threshold_ = threshold + SAME * max(1.0, abs(threshold))
            if not self.conditional:
                self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """A frame of words and numbers as it is; anything else by scikit-learn's own checks."""
        if isinstance(X, pd.DataFrame) and not all(pd.api.types.is_numeric_dtype(kind) for kind in X.dtypes):
            _check_feature_names(self, X, reset=reset)
            _check_n_features(self, X, reset=reset)
            return X.reset_index(drop=True)
        matrix = validate_data(self, X, reset=reset, dtype=np.float64, ensure_min_samples=2 if reset else 1)
        names = getattr(self, "feature_names_in_", None)
        return pd.DataFrame(matrix, columns=[f"x{i}" for i in range(matrix.shape[1])] if names is None else names)

    def _with_classes(self, frame: pd.DataFrame, y: Any) -> pd.DataFrame:
        if not self.conditional:
            return frame
        if y is None:
            raise ValueError(
                f"{type(self).__name__}(conditional=True) requires y to be passed, but the target y is None."
            )
        check_classification_targets(y)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        return frame.assign(**{CLASS: [f"class {code}" for code in codes]})

    def _rows(self, frame: pd.DataFrame) -> Table:
        """The frame as rows: a matrix of numbers as plain reals, a frame of words by what its columns are."""
        plain = {name: AS_GIVEN for name in frame.columns if frame[name].dtype == np.float64}
        stated = plain | ({CLASS: {"kind": "category"}} if CLASS in frame else {})
        rows = read(frame, schema={"columns": stated})
        assert isinstance(rows, Table)
        return rows

    @available_if(_promises("Counted"))
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> "Generative":
        """Observe more rows: statistics are additive, so chunks give what all rows at once would."""
        if not hasattr(self, "fitted_"):
            return self.fit(X, y, sample_weight)
        rows = self._rows(self._with_known_classes(self._frame(X, reset=False), y))
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, rows.frame, dtype=np.float64)
        self.fitted_ = self.fitted_.observed(rows, None if weight is None else torch.from_numpy(weight))
        return self

    def _with_known_classes(self, frame: pd.DataFrame, y: Any) -> pd.DataFrame:
        if not self.conditional:
            return frame
        codes = np.searchsorted(self.classes_, np.asarray(y))
        return frame.assign(**{CLASS: [f"class {code}" for code in codes]})

    # Using -----------------------------------------------------------------------------------------------------------

    def _nats(self, rows: Table) -> Array:
        return self.fitted_.score(rows, seed=self._seed()).nats.numpy()

    @available_if(scores)
    def score_samples(self, X: Any) -> Array:
        """log p of each row: exact, or a bound (see `fitted_.score` for the kind); of p(x) = sum p(x | y) p(y)."""
        check_is_fitted(self)
        rows = self._rows(self._frame(X, reset=False))
        if not self.conditional:
            return self._nats(rows)
        return self.fitted_.log_marginal(rows, seed=self._seed()).numpy()

    @available_if(scores)
    def score(self, X: Any, y: Any = None) -> float:
        """The mean log-likelihood, or, given classes, the accuracy of the predicted ones."""
        if self.conditional and y is not None:
            return float(np.mean(self.predict(X) == np.asarray(y)))
        return float(np.mean(self.score_samples(X)))

    @available_if(_predicts)
    def predict(self, X: Any) -> Array:
        """The most probable class; without classes, 1 for rows less likely than the contamination's share, else 0."""
        check_is_fitted(self)
        if self.conditional:
            return self.classes_[np.argmax(self.predict_proba(X), 1)]
        return (self.decision_function(X) > self.threshold_).astype(int)

    @available_if(judges)
    def decision_function(self, X: Any) -> Array:
        """How anomalous each row is: minus its log-likelihood, or the misfit with its code."""
        if scores(self):
            return -self.score_samples(X)
        check_is_fitted(self)
        return scores_of(self.fitted_, self._rows(self._frame(X, reset=False)))

    @available_if(_judges_rows)
    def predict_confidence(self, X: Any) -> Array:
        """How sure each of `predict`'s answers is: the chance of the same one, had other rows of the kind been fitted.

        Of n fitted rows, those at most as strange as x give its place p = (1 + their number) / (2 + n); x is an outlier
        where at most n * contamination of n rows are stranger, Binomial(n, p) (Perini et al., 2020, ExCeeD).
        """
        scores = self.decision_function(X)
        n, place = len(self.decision_scores_), np.sort(self.decision_scores_)
        p = (1 + np.searchsorted(place, scores, side="right")) / (2 + n)
        outlying = 1 - binom.cdf(n - int(n * self.contamination), n, p)
        return np.where(scores > self.threshold_, outlying, 1 - outlying)

    @available_if(_has_classes)
    def predict_proba(self, X: Any) -> Array:
        """p(y | x) by Bayes' rule."""
        check_is_fitted(self)
        rows = self._rows(self._frame(X, reset=False))
        found = self.fitted_.classify(rows, seed=self._seed())
        return found[[f"class {code}" for code in range(len(self.classes_))]].to_numpy()

    def sample(self, n: int = 1) -> Array | pd.DataFrame:
        """New rows: an array, or a frame where it was fitted to one with words."""
        check_is_fitted(self)
        frame = self.fitted_.sample_rows(n, seed=self._seed()).frame.drop(columns=CLASS, errors="ignore")
        return self._formed(frame)

    def _formed(self, frame: pd.DataFrame) -> Array | pd.DataFrame:
        numbers = all(kind == np.float64 for kind in frame.dtypes)
        return frame.to_numpy() if numbers and not hasattr(self, "feature_names_in_") else frame

    @available_if(_has_codes)
    def transform(self, X: Any) -> Array:
        """The code of each row."""
        check_is_fitted(self)
        codes = self.fitted_.encode(self._rows(self._frame(X, reset=False)))
        return codes.reshape(len(codes), -1)

    @available_if(_has_codes)
    def fit_transform(self, X: Any, y: Any = None) -> Array:
        """Fit, and give the code of each row."""
        return self.fit(X, y).transform(X)

    @available_if(_has_codes)
    def inverse_transform(self, X: Any) -> Array | pd.DataFrame:
        """The row that each code stands for: an array, or a frame where it was fitted to one with words."""
        check_is_fitted(self)
        codes, shape = check_array(X), self.fitted_.model.codes.shape
        if codes.shape[1] != np.prod(shape):
            raise ValueError(f"X has {codes.shape[1]} features, but a code of this model is {np.prod(shape)} numbers.")
        return self._formed(decoded(self.fitted_, codes).frame)

    @available_if(_has_codes)
    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """The names of a code's numbers: z1, z2, ..."""
        check_is_fitted(self)
        _check_feature_names_in(self, input_features, generate_names=False)
        return np.asarray(names_of(self.fitted_), dtype=object)

    # scikit-learn's plumbing -----------------------------------------------------------------------------------------

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's own checks should expect of this family."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.conditional
        if self.conditional:  # so that searches stratify their folds by class
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        if _has_codes(self):
            tags.transformer_tags = TransformerTags(preserves_dtype=[])
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Pickled by way of the store's bytes: no module of ours is in the pickle's stream."""
        state = dict(self.__dict__)
        if (fitted := state.pop("fitted_", None)) is not None:
            state["fitted_bytes"] = to_bytes(fitted.parts())
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The fitted model is read back with the store's checks."""
        held = state.pop("fitted_bytes", None)
        self.__dict__.update(state)
        if held is not None:
            parts: Parts = from_bytes(held)
            self.fitted_ = Fitted.of(parts)
            self.fitted_.model.double()


def _repeated(frame: pd.DataFrame, weight: Array | None) -> tuple[pd.DataFrame, Array | None]:
    """Whole weights are what they mean, rows repeated or left out, where that is not too many rows."""
    if weight is None or not np.array_equal(weight, weight.round()) or not 0 < weight.sum() <= 10 * len(frame):
        return frame, weight
    return frame.iloc[np.repeat(np.arange(len(frame)), weight.astype(int))].reset_index(drop=True), None


def _deep(path: str, described: Any) -> dict[str, Any]:
    """The fields of a description, and of those within it, by their paths."""
    if not is_dataclass(described):
        return {}
    found: dict[str, Any] = {}
    for field in fields(described):
        value = getattr(described, field.name)
        found |= {f"{path}__{field.name}": value} | _deep(f"{path}__{field.name}", value)
    return found
