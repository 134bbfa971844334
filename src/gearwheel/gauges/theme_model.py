"""Learns themes: TF-IDF of terms, factored into non-negative themes (NMF: Lee & Seung 1999).

The number of themes is the one between 4 and 12 whose themes hang together best: the mean normalised pointwise
mutual information of each pair among a theme's five first words (NPMI: Bouma 2009; as coherence: Aletras & Stevenson
2013); of those that are as good as the best, the fewest.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from gearwheel.gauges.theme_words import Terms

FEWEST, MOST = 4, 12  # themes
TERMS = 5000  # at most: the commonest
RARE = 0.001  # a term must stand in so large a share of texts …
RAREST = 5  # … and in so many texts
FIRST = 5  # words of a theme whose coherence counts
TO_CHOOSE = 5_000  # texts from which the number of themes is chosen
AS_GOOD = 0.02  # in mean NPMI
DIGITS = 6  # of it: the last ones differ from machine to machine
ROUNDS = 200  # of coordinate descent


@dataclass(frozen=True)
class Model:
    """What turns a text into weights of themes. `parts[k]` maps the terms of theme k to weights, heaviest first."""

    vectoriser: Any
    factors: Any
    parts: tuple[dict[str, float], ...]
    coherence: dict[int, float]  # number of themes -> mean NPMI

    def weights(self, texts: Sequence[str]) -> Any:
        """Array [text, theme] of non-negative weights; a row of zeros holds no known term."""
        with _one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a residual of nothing, rounded below zero
            return self.factors.transform(self.vectoriser.transform(texts))


def learn(texts: Sequence[str], stop: Sequence[str], seed: int, tell: Callable[[int, int], object]) -> Model | None:
    """The themes of these texts, or None where they share too few words. The same texts give the same themes."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(
        analyzer=Terms(stop), min_df=max(RAREST, int(RARE * len(texts))), max_features=TERMS, sublinear_tf=True
    )
    try:
        matrix = vectoriser.fit_transform(texts)
    except ValueError:  # no term stands in enough texts
        return None
    terms = vectoriser.get_feature_names_out()
    if len(terms) < 2 * MOST:
        return None
    sample = matrix[:: max(1, len(texts) // TO_CHOOSE)]
    coherence = {}
    for number in range(FEWEST, MOST + 1):
        tell(number - FEWEST, MOST + 2 - FEWEST)
        coherence[number] = round(_coherence(_factor(sample, number, seed).components_, sample, terms), DIGITS)
    best = min(number for number in coherence if coherence[number] >= max(coherence.values()) - AS_GOOD)
    factors = _factor(matrix, best, seed)
    parts = tuple(_part(component, terms) for component in factors.components_)
    return Model(vectoriser, factors, parts, coherence)


def _factor(matrix: Any, number: int, seed: int) -> Any:
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    factors = NMF(number, init="nndsvda", random_state=seed, max_iter=ROUNDS, tol=1e-3)
    with _one_thread(), warnings.catch_warnings():  # words and order of themes are settled long before the last digit
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # a residual of nothing, rounded below zero
        return factors.fit(matrix)


def _one_thread() -> Any:
    """Keeps linear algebra to one thread: four times faster on factors so small, and the same sums each time."""
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    return threadpool_limits(1)


def _part(component: Any, terms: Any, most: int = 20) -> dict[str, float]:
    heaviest = (-component).argsort(kind="stable")[:most]
    return {str(terms[i]): float(component[i]) for i in heaviest if component[i] > 0}


def _coherence(components: Any, matrix: Any, terms: Any) -> float:
    """Mean NPMI in [-1, 1] of the pairs of first words in each theme, from the texts that hold them."""
    import numpy as np

    words = np.array([" " not in term for term in terms])
    holds = (matrix > 0).astype(np.float64).tocsc()
    scores = []
    for component in components:
        first = [i for i in (-component).argsort(kind="stable") if words[i]][:FIRST]
        share = (holds[:, first].T @ holds[:, first]).toarray() / matrix.shape[0]
        scores += [_npmi(share[i, j], share[i, i], share[j, j]) for i, j in combinations(range(len(first)), 2)]
    return float(np.mean(scores))


def _npmi(both: float, one: float, other: float) -> float:

    if both == 0:
        return -1.0
    return 1.0 if both == 1 else math.log(both / (one * other)) / -math.log(both)
