"""`Fitted`: a codec, a model and a card. What a person holds, and the verbs they use on it.

A model that has not promised what a verb asks for answers with an error that names families that have. Noise is keyed:
sample i depends on the seed and i alone, a row's score on the seed and the row's own content alone.
"""

# pandas' own types are unions that no check narrows
# pyright: reportArgumentType=false

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Generic, TypeVar, final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from likely import frames, store, terms
from likely.card import Card, Completion
from likely.classified import classes_of
from likely.codecs import Cells, Codec, Lift, TableCodec, TextCodec, TextsCodec, codec_from_parts
from likely.completing import completion, whole_rows
from likely.conditions import Conditions
from likely.contracts import (
    Bound,
    Classed,
    Classifies,
    Continues,
    Counted,
    Decodes,
    Density,
    Family,
    Latent,
    Model,
    Predicts,
    Restores,
    Scores,
    Sharpens,
    Sharpness,
    Truncates,
)
from likely.data import Rows, Table
from likely.descent import Descent, led
from likely.diffusion import Flowed, Flows, Operator, Reconstruction, Twisted
from likely.distributions import PLAIN
from likely.drawing import drawn
from likely.errors import CannotAnswer, ConditionError, Corrupt, LikelyError, WrongRows
from likely.filling import Filling
from likely.imputing import Imputations, imputed
from likely.likeliest import likeliest
from likely.predicted import posteriors, told_classes, told_frame
from likely.promises import promised
from likely.prompts import Ending, Writer, beginnings
from likely.reconstructed import reconstructed
from likely.regressed import Regression, regressed
from likely.restoring import mended
from likely.rng import Keyed
from likely.scoring import SCORED, batches, placed, score_cells, scored
from likely.searching import Found, Search, decoded, encoded, searched
from likely.suggestion import shown

M_co = TypeVar("M_co", bound=Model, covariant=True)
P = TypeVar("P", bound=Model)


@final
@dataclass(frozen=True)
class Fitted(Generic[M_co]):
    """A fitted model in the data's own terms."""

    model: M_co
    codec: Codec[Any]
    card: Card
    condition_codec: TableCodec | TextCodec | None = None
    conditions: Conditions | None = None
    ended: Callable[[], dict[str, Tensor]] | None = None  # the training's last weights, where others were kept

    @property
    def lift(self) -> Lift:
        return Lift.of(self.card.family, self.codec.space)

    @property
    def name(self) -> str:
        return type(self.card.family).__name__

    def __repr__(self) -> str:
        given = f" given {', '.join(self.card.condition)}" if self.card.condition else ""
        return f"Fitted({self.card.family}{given}, {self.card.data.get('rows', '?')} rows)"

    # Sampling --------------------------------------------------------------------------------------------------------

    def sample(
        self, n: int = 1, given: Any = None, *,
        sharpness: Sharpness = PLAIN, truncation: float = 1.0, stop: str | Sequence[str] = (),
        length: int | None = None, descent: Descent | None = None, seed: int = 0,
    ) -> Any:  # fmt: skip
        """n new rows, in the form the data came in; `given` fixes columns (a dict, or partial rows, one each).

        Texts go on from a beginning (given="ROMEO:", one for all or a list), until a `stop` string or a `length`.
        Below 1, `truncation` keeps to the middle of a generator's codes: rows nearer to the common, and fewer kinds.
        A `descent` says how a model that denoises is walked: in how many steps, by which sampler, led by what.
        """
        ways: dict[str, Any] = {"sharpness": sharpness, "truncation": truncation, "stop": stop, "length": length}
        return frames.returned(self.sample_rows(n, given, descent=descent, seed=seed, **ways), self.card.returns)

    def sample_rows(
        self, n: int = 1, given: Any = None, *,
        sharpness: Sharpness = PLAIN, truncation: float = 1.0, stop: str | Sequence[str] = (),
        length: int | None = None, descent: Descent | None = None, seed: int = 0,
    ) -> Rows:  # fmt: skip
        """n new rows as likely's own `Rows`."""
        if n < 1:
            raise WrongRows(f"{n} rows were asked for", expected="at least 1")
        if truncation != 1:
            self._promising(Truncates)
        lead, given = led(descent, self, given, n)
        begun, given = beginnings(given, self.codec, self.card.order, n)
        known = terms.known_of(self, given, n if begun is None else len(begun))
        free = [name for name in (*known.values, *known.ranges) if name not in self.card.condition]
        if free and (sharpness != PLAIN or lead is not None):
            raise CannotAnswer(f"completion given {shown(free)} cannot be sharpened or led", remedy="leave one out")
        writer = self._writer(begun, sharpness, Ending.of(stop, length))
        if writer is None and free:
            return whole_rows(self, known, Filling(seed=seed)).rows
        c = terms.condition(self, known, Keyed(seed)).c
        if writer is not None:
            rows = writer.texts(begun or [""] * len(known), c, seed)
        else:
            model = self.model if sharpness == PLAIN else self._promising(Sharpens)
            rows = self.codec.decode(drawn(model, self.lift, len(known), c, seed, sharpness, truncation, lead))
            rows = rows if lead is None else lead.joined(rows, self.card.order)
        return terms.joined(self, rows, c)

    def stream(
        self, given: Any = None, *,
        sharpness: Sharpness = PLAIN, stop: str | Sequence[str] = (), length: int | None = None, seed: int = 0,
    ) -> Iterator[str]:  # fmt: skip
        """The text that `sample` gives, its beginning first, and then as it is drawn."""
        if not isinstance(self.codec, TextsCodec):
            raise CannotAnswer(f"{self.codec.reads.word} cannot be streamed", expected="a model of texts")
        begun, given = beginnings(given, self.codec, self.card.order, 1)
        c, (beginning, *more) = terms.condition(self, terms.known_of(self, given, 1), Keyed(seed)).c, begun or [""]
        if more:
            raise WrongRows(f"{1 + len(more)} beginnings were given", expected="one to stream, or `sample`")
        writer = Writer(self._promising(Continues), self.codec, sharpness, Ending.of(stop, length))
        codes = writer.codes(beginning, "the beginning")
        return chain([beginning] if beginning else [], writer.stream(codes, c, seed))

    def _writer(self, begun: list[str] | None, sharpness: Sharpness, ending: Ending) -> Writer | None:
        """Who writes texts token by token; None where rows are drawn whole."""
        ending.refused(self.codec)
        plain = begun is None and ending == Ending() and not isinstance(self.model, Continues)
        if plain or not isinstance(self.codec, TextsCodec):
            return None
        return Writer(self._promising(Continues), self.codec, sharpness, ending)

    # Scoring ---------------------------------------------------------------------------------------------------------

    def score(self, data: Any, *, by: Flowed | None = None, draws: int | None = None, seed: int = 0) -> Scores:
        """log p of each row in the data's own units, with its kind; more draws tighten a bound.

        A model that has a flow can be scored `by` it (`likely.Flowed()`): an estimate with its errors, for a bound.
        """
        model = self._promising(*SCORED) if by is None else by.of(self._promising(Flows))
        x, ladj, c = self.cells(data)
        measure = self.codec.measure + (f", given {', '.join(self.card.condition)}" if self.card.condition else "")
        return scored(model, self.lift, Cells(x, ladj), c, draws=draws, seed=seed, measure=measure)

    def classify(
        self, data: Any, column: str | None = None, *, draws: int | None = None, seed: int = 0
    ) -> pd.DataFrame:
        """p(class | the rest), a column per class: by Bayes' rule, or as a discriminative model has learned it.

        Of a model given no class, the classes of a `column` that it models, by completion.
        """
        if column is not None and column not in self.card.condition and not isinstance(self.model, Predicts):
            return classes_of(self, data, column, draws=draws, seed=seed)[0]
        if isinstance(self.model, Predicts):
            rows, index = self._rows(data), frames.index_of(data)
            return told_classes(self.model, self.codec, self._told(rows), len(rows), self.name, index)
        if isinstance(self.model, Classifies) and self.conditions is not None:
            joint = posteriors(self.model, self.lift, self.codec.encode(self._rows(data)), self.conditions, seed=seed)
        else:
            joint, _ = self._joints(data, draws, seed)
        return told_frame(joint, self.condition_codec, self.conditions, frames.index_of(data))

    def regress(self, data: Any, column: str | None = None, *, draws: int = 200, seed: int = 0) -> Regression:
        """p(number | the rest): mean, sd, quantiles and draws of each row, and what they rest on; `column` names it."""
        return regressed(self, data, column, draws=draws, seed=seed)

    def log_marginal(self, data: Any, *, draws: int | None = None, seed: int = 0) -> Tensor:
        """log p(x) = log sum_c p(x | c) p(c), one a row, in the data's own units."""
        joint, ladj = self._joints(data, draws, seed)
        return joint.logsumexp(1) + ladj

    def _joints(self, data: Any, draws: int | None, seed: int) -> tuple[Tensor, Tensor]:
        """(B, classes): log p(cells | c) + log p(c); and the rows' log|det|."""
        self._promising(Density, Bound)
        if self.conditions is None or not self.conditions.complete:
            raise CannotAnswer(f"this {self.name} was not fitted given a class", expected="a categorical condition",
                               remedy="fit again with condition=COLUMN (--condition COLUMN)")  # fmt: skip
        cells = self.codec.encode(self._rows(data))
        if isinstance(self.model, Classed) and self.lift.exact and self.conditions.cells.shape[1:] == (1,):
            with torch.no_grad():
                each = [self.model.log_joint(placed(part, self.model)).double() for part, _ in batches(cells.x, None)]
            return torch.cat(each) + self.conditions.weights.log(), cells.ladj
        joint = [self._joint(cells.x, k, draws, seed) for k in range(len(self.conditions.cells))]
        return torch.stack(joint, 1), cells.ladj

    def _joint(self, x: Tensor, k: int, draws: int | None, seed: int) -> Tensor:
        """log p(x | c = k) + log p(k), one a row."""
        assert self.conditions is not None
        c = self.conditions.cells[k].expand(len(x), *self.conditions.cells.shape[1:])
        values = score_cells(self.model, self.lift, x, c, draws=draws, seed=seed).value
        return values + self.conditions.weights[k].double().log()

    # Completion ------------------------------------------------------------------------------------------------------

    def complete(
        self, data: Any, *, hole: Any = None, given: Any = None,
        particles: int | None = None, by: Reconstruction | None = None, exact: bool = False, seed: int = 0,
    ) -> Completion:  # fmt: skip
        """The rows with every missing cell and column filled in; known cells come back as they were.

        Of pictures, what is transparent, NaN, or True in `hole`. `given` is what else is known of cells that are
        missing: values, or ranges ({"age": likely.between(30, 40)}). Where the way is "asymptotic", more particles draw
        nearer to the model's p(unknown | known); denoisers do it `by` others; `exact` refuses whatever is less.
        """
        return completion(self, data, hole, given, Filling(particles, by, seed, exact))

    def imputations(
        self, data: Any, n: int = 20, *, given: Any = None,
        particles: int | None = None, by: Reconstruction | None = None, exact: bool = False, seed: int = 0,
    ) -> Imputations:  # fmt: skip
        """The rows completed n times: points that sum these up (`mean`, `median`, `mode`), and Rubin's pooling."""
        return imputed(self, data, n, given, Filling(particles, by, seed, exact))

    def likeliest(self, data: Any) -> Completion:
        """The rows with their unknown choices as they are most probable together, exactly, where these are few."""
        return likeliest(self, data)

    def reconstruct(
        self, pictures: Any, operator: Operator, *,
        noise: float = 0.0, by: Reconstruction | None = None, given: Any = None, seed: int = 0,
    ) -> Completion:  # fmt: skip
        """A picture for each of which an operator's view was seen (`likely.diffusion`: Blur, Downsample, JPEG, ...).

        What was seen is in levels, with noise of this deviation; `given` is the condition, where there is one.
        """
        return reconstructed(self, pictures, operator, noise=noise, by=by or Twisted(), given=given, seed=seed)

    def observed(self, data: Any, weight: Tensor | None = None) -> "Fitted[M_co]":
        """A model with more rows counted in, for families whose statistics are additive; this one stays as it is."""
        model = copy.deepcopy(self._promising(Counted))
        x, _, c = self.cells(data)
        model.observe(placed(x, model), placed(c, model), weight)
        if model.finish():
            raise CannotAnswer(f"{self.name} needs several passes over all of its rows", remedy="fit them together")
        law = self.conditions if c is None or self.conditions is None else self.conditions.with_more(c)
        card = replace(self.card, certificates=None)  # they are of the model before
        return replace(self, model=model, conditions=law, card=card, ended=None)

    def denoise(self, data: Any) -> Any:
        """The person's own rows without noise, wrong and missing cells put right, in the form they came in."""
        return frames.given_back(self.denoised_rows(data), data)

    def denoised_rows(self, data: Any) -> Rows:
        """The same as likely's own `Rows`."""
        model, rows = self._promising(Restores), self._rows(data)
        c = self._told(rows)
        return terms.joined(self, mended(model, self.lift, self.codec, rows, c), c)

    # Looking inside --------------------------------------------------------------------------------------------------

    def encode(self, data: Any, *, search: Search | None = None, seed: int = 0) -> np.ndarray[Any, Any]:
        """The code of each row: an encoder's; where there is none, or a `search` is given, as `sought` finds it."""
        model = self._promising(Decodes)
        if search is not None or not isinstance(model, Latent):
            return self.sought(data, search or Search(), seed=seed).z.numpy()
        x, _, c = self.cells(data)
        return encoded(model, self.lift, x, c).numpy()

    def sought(self, data: Any, search: Search = Search(), *, seed: int = 0) -> Found:
        """The code of each row by search, with what it leaves untold: a heuristic."""
        x, _, c = self.cells(data)
        return searched(self._promising(Decodes), self.lift, x, c, search, seed=seed)

    def decode(self, codes: Any, given: Any = None) -> Any:
        """The row that each code stands for."""
        z = torch.tensor(np.asarray(codes), dtype=torch.float32)
        c = terms.condition(self, terms.known_of(self, given, len(z)), Keyed(0)).c
        u = decoded(self._promising(Decodes), z, c)
        return frames.returned(terms.joined(self, self.codec.decode(self.lift.down(u)), c), self.card.returns)

    def final(self) -> "Fitted[M_co]":
        """This model as its training left it: with the last weights, where others were kept (the card says why)."""
        if self.ended is None:
            return self
        model = copy.deepcopy(self.model)
        store.fill(model, self.ended())
        return replace(self, model=model, card=self.card.of_final, ended=None)

    # Plumbing --------------------------------------------------------------------------------------------------------

    def cells(self, data: Any) -> tuple[Tensor, Tensor, Tensor | None]:
        """Rows as (x, log|det|, c)."""
        rows = self._rows(data)
        encoded = self.codec.encode(rows)
        return encoded.x, encoded.ladj, self._told(rows)

    def _told(self, rows: Rows) -> Tensor | None:
        """The rows' own conditions."""
        return None if self.condition_codec is None else self.condition_codec.encode(self._said(rows)).x

    def _rows(self, data: Any) -> Rows:
        return frames.read_like(data, self.codec, self.condition_codec, self.card.order)

    def _said(self, rows: Rows) -> Table:
        """The table that holds the condition's columns."""
        said = rows.said
        lacking = [name for name in self.card.condition if said is None or name not in said.frame.columns]
        if said is None or lacking:
            raise ConditionError(f"the rows lack the condition {lacking or list(self.card.condition)}",
                                 expected=f"this model was fitted given {list(self.card.condition)}")  # fmt: skip
        return said

    def _promising(self, *promises: type[P]) -> P:
        """The model, where it keeps one of these promises; else an error names families that do."""
        return promised(self.model, self.name, *promises)

    # The folder ------------------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> Path:
        """Write this model as a folder of JSON and safetensors: the whole of it, or no change."""
        store.write(Path(folder), self.parts())
        return Path(folder)

    def parts(self) -> store.Parts:
        """A plain document and named tensors: all that there is to this model."""
        return store.Parts(self._document(), self._weights(), self.ended)

    @classmethod
    def of(cls, parts: store.Parts) -> "Fitted[Any]":
        """The model that these parts describe; what does not is refused, and nothing in it is executed."""
        try:
            return _rebuilt(parts)
        except Corrupt:
            raise
        except UNFIT as error:
            raise Corrupt(f"this does not describe a model: {error}", expected="what likely wrote") from error

    def _document(self) -> dict[str, Any]:
        condition = None if self.condition_codec is None else self.condition_codec.parts()
        complete = self.conditions is not None and self.conditions.complete
        codecs = {"codec": self.codec.parts(), "condition_codec": condition}
        return {"card": self.card.to_json(), **codecs, "conditions_complete": complete}

    def _weights(self) -> dict[str, Tensor]:
        weights = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        law = self.conditions
        return weights if law is None else weights | {"conditions.cells": law.cells, "conditions.counts": law.counts}


UNFIT = (LikelyError, KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError)


def load(folder: str | Path) -> Fitted[Any]:
    """The model that a folder holds; a damaged or hostile folder is an error, never code that runs."""
    return Fitted.of(store.read(Path(folder)))


def _rebuilt(parts: store.Parts) -> Fitted[Any]:
    card = Card.from_json(parts.document["card"])
    family: Family[Any] = card.family
    codec = codec_from_parts(parts.document["codec"])
    condition = parts.document["condition_codec"]
    condition_codec = None if condition is None else codec_from_parts(condition)
    if not isinstance(condition_codec, TableCodec | TextCodec | None):
        raise Corrupt("a condition is neither columns nor a text")
    model = family.build(Lift.of(family, codec.space).space, None if condition_codec is None else condition_codec.space)
    kept = {name.removeprefix("model."): each for name, each in parts.weights.items() if name.startswith("model.")}
    store.fill(model, kept)
    conditions = None
    if condition_codec is not None:
        cells, weights = parts.weights["conditions.cells"], parts.weights["conditions.counts"]
        conditions = Conditions(cells, weights, bool(parts.document["conditions_complete"]))
    return Fitted(model.eval(), codec, card, condition_codec, conditions, parts.final)
