"""Models of every kind that XGBoost trains, made on the spot; needs numpy and xgboost of any version only."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import xgboost

Rows: TypeAlias = npt.NDArray[np.float32]
Labels: TypeAlias = Mapping[str, Any]
"""Arguments of DMatrix besides the rows."""

COLUMNS = 7
CATEGORIES = 12
RUNNING = tuple(int(part) for part in xgboost.__version__.split(".")[:2])


def _scores(score: Rows) -> Labels:
    return {"label": score}


def _positive(score: Rows) -> Labels:
    return {"label": np.abs(score) + 0.1}


def _counts(score: Rows) -> Labels:
    return {"label": np.floor(np.abs(score))}


def _halves(score: Rows) -> Labels:
    return {"label": score > 0}


def _shares(score: Rows) -> Labels:
    return {"label": 1 / (1 + np.exp(-score))}


def _thirds(score: Rows) -> Labels:
    return {"label": np.digitize(score, [-1, 1])}


def _groups(score: Rows) -> Labels:
    return {"label": np.digitize(score, [-1, 1]), "qid": np.arange(len(score)) // 10}


def _relevant(score: Rows) -> Labels:
    return {**_groups(score), "label": score > 0}


def _pairs(score: Rows) -> Labels:
    return {"label": np.stack([score, score**2], axis=1)}


def _two_labels(score: Rows) -> Labels:
    return {"label": np.stack([score > 0, np.abs(score) > 1], axis=1)}


def _times(score: Rows) -> Labels:
    return {"label": np.where(score > 1, -1, 1) * (np.abs(score) + 0.1)}


def _intervals(score: Rows) -> Labels:
    lower = np.abs(score) + 0.1
    return {"label_lower_bound": lower, "label_upper_bound": np.where(score > 1, np.inf, lower + 1)}


@dataclass(frozen=True, slots=True)
class Recipe:
    """``since`` is the first XGBoost that trains it; ``data`` is for the DMatrix that it learns from."""

    name: str
    labels: Callable[[Rows], Labels]
    parameters: Mapping[str, Any]
    since: tuple[int, int] = (1, 7)
    data: Mapping[str, Any] = field(default_factory=dict)
    rounds: int = 6

    @property
    def is_categorical(self) -> bool:
        return "enable_categorical" in self.data

    @property
    def is_in_binary_format(self) -> bool:
        """Whether the old binary format can hold it, and the running XGBoost write it."""
        return not (self.is_categorical or "multi_strategy" in self.parameters or RUNNING >= (3, 1))


def _of(objective: str, labels: Callable[[Rows], Labels], *, kind: str = "", **more: Any) -> Recipe:
    options = {name: more.pop(name) for name in ("since", "data", "rounds") if name in more}
    words = [objective, f"of{labels.__name__}", kind, *(f"{name}={value}" for name, value in more.items())]
    words += [name for name in ("enable_categorical", "feature_names") if name in options.get("data", {})]
    words += ["without trees"] if options.get("rounds") == 0 else []
    parameters = {"objective": objective, **({"booster": kind} if kind else {}), **more}
    return Recipe(" ".join(filter(None, words)), labels, parameters, **options)


_CATEGORICAL = {"enable_categorical": True, "feature_types": ["q", "c"] * 3 + ["q"]}
_NAMED = {
    "feature_names": [f"column {i}" for i in range(COLUMNS)],
    "feature_types": ["int", "float", "q"] * 2 + ["i"],
}

RECIPES = (
    _of("reg:squarederror", _scores),
    _of("reg:squaredlogerror", _positive),
    _of("reg:pseudohubererror", _scores),
    _of("reg:absoluteerror", _scores),
    _of("reg:quantileerror", _scores, quantile_alpha=0.3, since=(2, 0)),
    _of("reg:quantileerror", _scores, quantile_alpha=(0.1, 0.5, 0.9), since=(2, 0)),
    _of("reg:logistic", _shares),
    _of("reg:gamma", _positive),
    _of("reg:tweedie", _positive, tweedie_variance_power=1.3),
    _of("count:poisson", _counts),
    _of("binary:logistic", _halves),
    _of("binary:logitraw", _halves),
    _of("binary:hinge", _halves),
    _of("multi:softmax", _thirds, num_class=3),
    _of("multi:softprob", _thirds, num_class=3),
    _of("rank:pairwise", _groups),
    _of("rank:ndcg", _groups),
    _of("rank:map", _relevant),
    _of("survival:cox", _times),
    _of("survival:aft", _intervals, aft_loss_distribution="logistic"),
    *(
        _of(objective, labels, kind="dart", rate_drop=0.5, one_drop=1, **more)
        for objective, labels, more in (
            ("reg:squarederror", _scores, {}),
            ("binary:logistic", _halves, {}),
            ("multi:softprob", _thirds, {"num_class": 3}),
        )
    ),
    *(
        _of(objective, labels, kind="gblinear", **more)
        for objective, labels, more in (
            ("reg:squarederror", _scores, {}),
            ("binary:logistic", _halves, {}),
            ("multi:softprob", _thirds, {"num_class": 3}),
        )
    ),
    _of("reg:squarederror", _pairs),
    _of("binary:logistic", _two_labels),
    _of("reg:squarederror", _pairs, multi_strategy="multi_output_tree", tree_method="hist", since=(2, 0)),
    _of(
        "multi:softprob",
        _thirds,
        num_class=3,
        multi_strategy="multi_output_tree",
        tree_method="hist",
        since=(2, 0),
    ),
    _of("reg:squarederror", _scores, base_score=1050.0),
    _of("binary:logistic", _halves, base_score=0.123456789),
    _of("count:poisson", _counts, base_score=2.5),
    _of("reg:squarederror", _scores, num_parallel_tree=4, subsample=0.7, colsample_bynode=0.7, rounds=2),
    _of("binary:logistic", _halves, tree_method="exact", data=_NAMED),
    _of("reg:squarederror", _scores, tree_method="hist", max_cat_to_onehot=1, data=_CATEGORICAL),
    _of("binary:logistic", _halves, tree_method="hist", max_cat_to_onehot=99, data=_CATEGORICAL),
    _of("multi:softprob", _thirds, num_class=3, tree_method="approx", data=_CATEGORICAL),
    _of("reg:squarederror", _scores, rounds=0),
)


def trainable() -> Iterable[Recipe]:
    """The recipes that the running XGBoost knows."""
    return [recipe for recipe in RECIPES if recipe.since <= RUNNING]


def rows(recipe: Recipe, count: int, *, seed: int) -> Rows:
    """Random rows with missing cells, numbers of all magnitudes among them; categories as their codes."""
    random = np.random.default_rng(seed)
    made: Rows = random.normal(size=(count, COLUMNS)).astype(np.float32)
    made[::7] *= np.float32(10.0) ** random.integers(-30, 30, size=made[::7].shape).astype(np.float32)
    made[::11] = np.round(made[::11], 1)
    if recipe.is_categorical:
        made[:, 1:COLUMNS:2] = random.integers(0, CATEGORIES, size=(count, COLUMNS // 2))
    made[random.random(made.shape) < 0.25] = np.nan
    return made


def train(recipe: Recipe, *, seed: int = 0) -> xgboost.Booster:
    """A model of COLUMNS features."""
    learned = rows(recipe, 300, seed=seed)
    learned = np.clip(learned, -5, CATEGORIES)
    score = np.nansum(np.where(np.isnan(learned), 0, learned)[:, :4] % 5 - 1, axis=1).astype(np.float32) / 3
    data = xgboost.DMatrix(learned, nthread=1, **recipe.labels(score), **recipe.data)
    parameters = {"nthread": 1, "seed": seed, "max_depth": 4, "verbosity": 0, **recipe.parameters}
    if recipe.parameters.get("booster") == "gblinear":
        del parameters["max_depth"]
    return xgboost.train(parameters, data, recipe.rounds)
