"""Learn the fitted numbers of a model from questions with known answers.

Each language's file holds the same articles and questions, so that every language's questions can
be asked of every language's passages. These are learned, in this order:

    means        of unit-length token vectors, questions and passages apart, and of the questions'
                 vectors, over all languages
    bias         how much more alike a question is to passages in its own language
    ranking      weights that put the right passage first (softmax over the candidates)
    margin       how far behind a right first passage's best sentence may be
    confidence   logistic regression on whether the first passage is the right one
    second look  the same with what the reader makes of it, if the model has one

For the confidence, libraries of different sizes are made of some articles. They are asked questions
that they answer; questions on other articles, and small talk, which they do not; and neighbouring
questions, whose own paragraph is taken out while the rest of its article stays. Where there are
other articles, with questions that somebody wrote for the article not to answer, these count too:
such a question is harder to tell. What is reported is cross-fitted: every article's questions are
judged by numbers learned from other articles.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date
from enum import StrEnum
from functools import partial
from importlib import resources
from itertools import takewhile
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, logit
from sklearn.linear_model import LogisticRegression

from index.encoder import Encoder
from index.evaluate import Dataset, EvaluationError
from index.fit import (
    Confidence,
    Features,
    Fit,
    LanguageBias,
    Ranking,
    SecondLook,
    log_probability,
)
from index.fit_samples import Asked, Pair, Question, ask_all, ask_of_own
from index.late_interaction import Float32, unit
from index.passage_vectors import TitledPassage, encode_sentences
from index.passages import split_article
from index.reader import Reader
from index.remembering import RememberingEncoder
from index.rerank import lead, score, without_bias
from index.search import is_compared

Float64 = NDArray[np.float64]

FOLDS = 2
LIBRARY_SIZES = (2, 4, 8)
"""Articles in the libraries that confidence is learned from: ten to forty of XQuAD's paragraphs."""
LIBRARIES = 12
GROUP = 12
"""Articles held out that are indexed together, for libraries to be made of."""
ANSWERED_SHARE = 0.90
UNSURE_SHARE = 0.99
"""The thresholds let through these shares of the answerable questions. With 95 % answered, nearly
twice as many of the neighbouring ones would be."""
REGULARISATION = 1e-3
SHARPNESS = 20.0
"""What views are multiplied by for the softmax that learns their weights, so that those are near 1
before they are made to add up to 1, and the regularisation does not decide."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How questions of one language fared with passages of another, cross-fitted.

    ``false_at_95``: share of questions on absent articles answered where 95 % of the answerable
    ones are; ``answered``, ``false_answers`` and ``neighbouring``: the shares of answerable
    questions, of those on absent articles and of those on an absent paragraph that are answered at
    the fit's threshold, the same for all languages.
    """

    questions: str
    passages: str
    recall: float
    sentence: float
    false_at_95: float
    answered: float
    false_answers: float
    neighbouring: float


def fit_model(
    datasets: Mapping[str, Dataset],
    small_talk: Sequence[str],
    encoder: Encoder,
    held_out: Dataset | None = None,
    reader: Reader | None = None,
) -> tuple[Fit, list[Cell]]:
    """The fit from all articles, and cross-fitted figures for each pair of languages.

    ``datasets`` by language hold the same articles in the same order. ``small_talk``: messages no
    library answers. ``held_out``: other articles, in any languages, with questions that they
    answer and questions that they do not; the confidence is learned from them too. ``reader``: the
    model's, if it has one.
    """
    remembering = RememberingEncoder(encoder)
    remembering.encode_questions([q for data in datasets.values() for q in data.questions.values()])
    articles = [article.id for article in next(iter(datasets.values())).articles]
    shuffled = np.random.default_rng(0).permutation(articles)
    folds = [frozenset(map(str, part)) for part in np.array_split(shuffled, FOLDS)]
    fitted: list[tuple[frozenset[str], Fit, dict[Pair, Asked]]] = []
    for fold in folds:
        others = frozenset(articles) - fold
        fit, asked = _fit_articles(datasets, small_talk, remembering, others, held_out, reader)
        fitted.append((fold, fit, asked))
    cells = [_cell(pair, fitted) for pair in fitted[0][2]]
    every = frozenset(articles)
    return _fit_articles(datasets, small_talk, remembering, every, held_out, reader)[0], cells


def by_language(datasets: Sequence[Dataset]) -> dict[str, Dataset]:
    """The datasets by the language of their articles.

    Raises EvaluationError if they cannot be fitted on together: one without questions, two in one
    language, fewer than four articles, or not the same questions in each.
    """
    found: dict[str, Dataset] = {}
    for data in datasets:
        if not data.articles or not data.answers:
            raise EvaluationError("One of the files has no answered question; leave it out.")
        language = data.articles[0].language
        if language in found:
            raise EvaluationError(
                f"Two of the files are in one language ({language}); give one file a language."
            )
        found[language] = data
    first = datasets[0]
    if len(first.articles) < 2 * FOLDS:
        raise EvaluationError(
            f"The files have {len(first.articles)} articles; fitting needs at least {2 * FOLDS}."
        )
    if any(data.answers.keys() != first.answers.keys() for data in datasets):
        raise EvaluationError(
            "The files do not hold the same questions; give translations of one data set."
        )
    return found


def check_held_out(held_out: Dataset, datasets: Mapping[str, Dataset]) -> None:
    """Raises EvaluationError if the confidence cannot be learned from what is held out."""
    with_text = [article for article in held_out.articles if article.paragraphs]
    if len(with_text) < 2 or len(with_text) < len(held_out.articles):
        raise EvaluationError(
            "The file held out needs two articles at least, each with a paragraph; "
            "give another one, or leave it out."
        )
    if not held_out.answers or not held_out.unanswered:
        raise EvaluationError(
            "The file held out needs questions that its articles answer and questions that they do "
            "not; give another one, or leave it out."
        )
    if any(held_out.questions.keys() & data.questions.keys() for data in datasets.values()):
        raise EvaluationError(
            "The file held out has questions of the other files; it must be of other articles, "
            "or the figures would be of what was learned from."
        )


def read_small_talk() -> list[str]:
    """Messages that no library answers, in a dozen languages."""
    text = (resources.files("index") / "fits" / "small_talk.yaml").read_text(encoding="utf-8")
    messages: list[str] = yaml.safe_load(text)
    return messages


def provenance(
    encoder: Encoder,
    datasets: Mapping[str, Dataset],
    cells: Sequence[Cell],
    command: str,
    held_out: Dataset | None = None,
) -> dict[str, Any]:
    """Where a fit comes from: kept beside its numbers."""
    learned_from = {language: (data, len(data.answers)) for language, data in datasets.items()}
    if held_out:
        learned_from["held out"] = held_out, len(held_out.questions)
    return {
        "model": encoder.name,
        "command": command,
        "date": date.today().isoformat(),
        "data": {
            name: f"{len(data.articles)} articles, {questions} questions"
            for name, (data, questions) in learned_from.items()
        },
        "split": f"{FOLDS} folds of articles for the figures below; all articles for the numbers",
        "figures": [
            {key: v if isinstance(v, str) else round(v, 4) for key, v in asdict(cell).items()}
            for cell in cells
        ],
    }


def _fit_articles(
    datasets: Mapping[str, Dataset],
    small_talk: Sequence[str],
    encoder: Encoder,
    articles: frozenset[str],
    held_out: Dataset | None = None,
    reader: Reader | None = None,
) -> tuple[Fit, dict[Pair, Asked]]:
    """Learn from the questions of ``articles`` and from all that is ``held_out``; all questions'
    views under the means learned."""
    means = _means(datasets, encoder, articles)
    fit = Fit(*means, Ranking(1, 1, 1), None, 1.0, 0.5, reader=reader)
    asked = dict(ask_all(datasets, small_talk, encoder, fit))
    fit = replace(fit, language_bias=_language_bias(_only(articles, asked), articles))
    asked = {pair: _without_bias(one, fit) for pair, one in asked.items()}
    known = _only(articles, asked)
    fit = replace(fit, ranking=_fit_ranking(known))
    fit = replace(fit, margin=_margin(known, fit))
    besides = (
        [_without_bias(ask_of_own(group, encoder, fit), fit) for group in _groups(held_out)]
        if held_out
        else []
    )
    return _fit_confidence(fit, known, articles, besides), asked


def _groups(dataset: Dataset) -> Iterator[Dataset]:
    """The data set in parts of `GROUP` articles, whatever they are about."""
    order = np.random.default_rng(0).permutation(len(dataset.articles))
    for start in range(0, len(order), GROUP):
        articles = tuple(dataset.articles[place] for place in order[start : start + GROUP])
        ids = {article.id for article in articles}
        answers = {id_: gold for id_, gold in dataset.answers.items() if gold.article in ids}
        unanswered = {id_: of for id_, of in dataset.unanswered.items() if of in ids}
        questions = {id_: dataset.questions[id_] for id_ in (*answers, *unanswered)}
        yield Dataset(articles, questions, answers, unanswered)


def _means(
    datasets: Mapping[str, Dataset], encoder: Encoder, articles: frozenset[str]
) -> tuple[Float32, Float32, Float32]:
    """Of the questions' tokens, of the passages' tokens, and of the questions' vectors."""
    questions, passages, vectors = [], [], []
    for dataset in datasets.values():
        texts = [
            dataset.questions[id_]
            for id_, gold in dataset.answers.items()
            if gold.article in articles
        ]
        encoded = encoder.encode_questions(texts)
        questions.append(np.concatenate([unit(one.tokens) for one in encoded]).mean(axis=0))
        vectors.append(np.mean([one.vector for one in encoded], axis=0))
        sentences = [
            sentence
            for article in dataset.articles
            if article.id in articles
            for passage in split_article(
                article, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens
            )
            for sentence in TitledPassage(article.title, passage).sentences()
        ]
        tokens = [unit(one.tokens) for one in encode_sentences(sentences, encoder)]
        passages.append(np.concatenate(tokens).mean(axis=0))
    # Each language counts the same, however many tokens its words take.
    return np.mean(questions, axis=0), np.mean(passages, axis=0), np.mean(vectors, axis=0)


def _only(articles: frozenset[str], asked: Mapping[Pair, Asked]) -> dict[Pair, Asked]:
    """Without the questions on other articles."""
    return {
        pair: replace(one, questions=[q for q in one.questions if q.article in articles])
        for pair, one in asked.items()
    }


def _language_bias(asked: Mapping[Pair, Asked], articles: frozenset[str]) -> LanguageBias:
    """The mean over all questions and the passages of ``articles``, in the question's language and
    in others; no bias where there is one language."""
    means: dict[bool, list[Float64]] = {True: [], False: []}
    for (of_questions, of_passages), one in asked.items():
        inside = np.isin(one.articles, sorted(articles))
        alike = np.mean([question.views[inside].mean(axis=0) for question in one.questions], axis=0)
        means[of_questions == of_passages].append(alike)
    if not means[False]:
        return LanguageBias()
    return LanguageBias(*map(float, np.mean(means[True], axis=0) - np.mean(means[False], axis=0)))


def _without_bias(asked: Asked, fit: Fit) -> Asked:
    def unbiased(question: Question) -> Question:
        views = without_bias(question.views, question.same_language, fit)
        return replace(question, views=views)

    return replace(
        asked,
        questions=[unbiased(question) for question in asked.questions],
        talk=[unbiased(question) for question in asked.talk],
    )


def _fit_ranking(asked: Mapping[Pair, Asked]) -> Ranking:
    """Weights by a softmax over each question's passages; their sum is 1."""
    views = [
        np.stack([SHARPNESS * question.views for question in one.questions])
        for one in asked.values()
    ]
    golds = [np.array([question.gold for question in one.questions]) for one in asked.values()]
    count = sum(map(len, golds))

    def loss(weights: Float64) -> tuple[float, Float64]:
        value, slope = REGULARISATION * weights @ weights, 2 * REGULARISATION * weights
        for view, gold in zip(views, golds, strict=True):
            chances = log_softmax(view @ weights, axis=1)
            every = np.arange(len(gold))
            value -= chances[every, gold].sum() / count
            expected = np.einsum("qp,qpv->v", np.exp(chances), view)
            slope = slope + (expected - view[every, gold].sum(axis=0)) / count
        return float(value), slope

    found = minimize(loss, np.ones(3), jac=True).x
    return Ranking(*(float(weight) for weight in found / found.sum()))


def _margin(asked: Mapping[Pair, Asked], fit: Fit) -> float:
    """The furthest that the right passage's best sentence was behind another's where the ranking
    put it first all the same. On articles that nothing was learned from none was that far; see
    docs/trials.md."""
    behind = [
        question.views[:, 0].max() - question.views[question.gold, 0]
        for one in asked.values()
        for question in one.questions
        if score(question.views, fit.ranking).argmax() == question.gold
    ]
    return float(max(behind, default=math.inf))


def _candidates(question: Question, passages: NDArray[np.intp], fit: Fit) -> NDArray[np.intp]:
    """Those of the ``passages`` that a library of them would compare with the question."""
    best_first = passages[np.argsort(-question.views[passages, 0], kind="stable")]
    cosines = question.views[best_first, 0].tolist()
    behind = ((place, cosines[0] - cosine) for place, cosine in enumerate(cosines))
    count = sum(1 for _ in takewhile(lambda one: is_compared(*one, fit.margin), behind))
    return best_first[:count]


class _Kind(StrEnum):
    """What a library has on a question."""

    ANSWERABLE = "its paragraph"
    NEIGHBOURING = "the rest of its article"
    ABSENT = "nothing"
    UNANSWERED = "its article, which does not answer it"


WEIGHTS = {_Kind.ANSWERABLE: 1.0, _Kind.ABSENT: 1.0, _Kind.NEIGHBOURING: 0.3}
"""Of all trials of a kind. When the last was chosen, on XQuAD, mean of nine pairs of languages:
15.3 % of neighbouring questions are answered at the threshold, and with 0 20.9 %; of the absent
ones 3.4 % where 95 % of the answerable ones are, and with 0 2.8 %."""
HELD_OUT_WEIGHTS = {
    _Kind.ANSWERABLE: 0.3,
    _Kind.UNANSWERED: 0.3,
    _Kind.ABSENT: 0.0,
    _Kind.NEIGHBOURING: 0.0,
}
"""The same of what is held out. With more, more of XQuAD's absent questions are answered; see
docs/trials.md."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """A question asked of a library; ``right`` if the passage that answers it came first."""

    kind: _Kind
    features: Features
    right: bool
    read: Callable[[], float] | None
    """The reader's log-odds for the first passage; None without a reader."""


def _fit_confidence(
    fit: Fit,
    asked: Mapping[Pair, Asked],
    articles: frozenset[str],
    besides: Sequence[Asked] = (),
) -> Fit:
    random = np.random.default_rng(0)

    def some(articles: Iterable[str], count: int) -> frozenset[str]:
        return frozenset(map(str, random.permutation(sorted(set(articles)))[:count]))

    trials: list[_Trial] = []
    for number in range(LIBRARIES):
        size = LIBRARY_SIZES[number % len(LIBRARY_SIZES)]
        inside = some(sorted(articles), size)
        for one in asked.values():
            trials += _trials([*one.questions, *one.talk], one.articles, inside, fit, random)
    others = [
        trial
        for one in besides
        for size in LIBRARY_SIZES
        for trial in _trials(one.questions, one.articles, some(one.articles, size), fit, random)
    ]
    weights = np.concatenate([_weights(trials, WEIGHTS), _weights(others, HELD_OUT_WEIGHTS)])
    every = [*trials, *others]
    labels = np.array([trial.right for trial in every])
    fit = replace(fit, unknown_lead=_mean_lead(every, weights))
    table = np.array([astuple(_led(trial.features, fit.unknown_lead)) for trial in every])
    fit = replace(fit, confidence=Confidence(*_regression(table, labels, weights)))
    if fit.reader:
        # What counts for nothing need not be read, and what has no token cannot be.
        read = [
            log_probability(trial.read()) if trial.read and weight else -math.inf
            for trial, weight in zip(every, weights, strict=True)
        ]
        known = np.isfinite(read)
        both = np.column_stack([table, read])[known]
        *views, of_read = _regression(both, labels[known], weights[known])
        fit = replace(fit, second_look=SecondLook(Confidence(*views), of_read))
    chances = [fit.probability(t.features, t.read) for t in trials if t.kind is _Kind.ANSWERABLE]
    return replace(
        fit,
        answered=float(np.quantile(chances, 1 - ANSWERED_SHARE)),
        unsure=float(np.quantile(chances, 1 - UNSURE_SHARE)),
    )


def _regression(table: Float64, labels: NDArray[np.bool_], weights: Float64) -> list[float]:
    """The intercept and the slopes of a logistic regression on the columns ``(n, f)``."""
    middle, spread = table.mean(axis=0), table.std(axis=0)
    model = LogisticRegression(C=100, max_iter=1000)
    model.fit((table - middle) / spread, labels, sample_weight=weights / weights.mean())
    slopes = model.coef_[0] / spread
    return [float(model.intercept_[0] - slopes @ middle), *map(float, slopes)]


def _weights(trials: Sequence[_Trial], of_kinds: Mapping[_Kind, float]) -> Float64:
    """Of each trial; each kind as a whole has a fixed weight, however many are of it."""
    counts = Counter(trial.kind for trial in trials)
    return np.array([of_kinds[trial.kind] / counts[trial.kind] for trial in trials])


def _mean_lead(trials: Sequence[_Trial], weights: Float64) -> float:
    """The mean of the leads there are, each with its weight.

    A library of one passage has no runners-up, and its passage's lead should tell nothing.
    """
    known = [
        (trial.features.lead, weight)
        for trial, weight in zip(trials, weights, strict=True)
        if trial.features.lead is not None
    ]
    leads, weights = np.array(known).reshape(-1, 2).T
    return float(np.average(leads, weights=weights)) if len(leads) else 0.0


def _led(features: Features, unknown_lead: float) -> Features:
    """The features with a lead."""
    return features if features.lead is not None else replace(features, lead=unknown_lead)


def _trials(
    questions: Sequence[Question],
    owners: NDArray[np.str_],
    inside: frozenset[str],
    fit: Fit,
    random: np.random.Generator,
) -> Iterator[_Trial]:
    """Ask the questions of a library of the articles ``inside``.

    ``owners`` are the articles of all passages. A question that one of the articles answers is
    asked twice, with its own paragraph and without; with it another paragraph is out, so that the
    library's size does not tell the two apart. One that its article does not answer is asked once.
    """
    library = np.flatnonzero(np.isin(owners, sorted(inside)))
    for question in questions:
        if question.article not in inside:
            yield _trial(_Kind.ABSENT, question, library, fit)
            continue
        if question.gold is None:
            yield _trial(_Kind.UNANSWERED, question, library, fit)
            continue
        others = library[(owners[library] == question.article) & (library != question.gold)]
        without = library[library != random.choice(others)] if len(others) else library
        yield _trial(_Kind.ANSWERABLE, question, without, fit)
        rest = library[library != question.gold]
        if len(rest):
            yield _trial(_Kind.NEIGHBOURING, question, rest, fit)


def _trial(kind: _Kind, question: Question, library: NDArray[np.intp], fit: Fit) -> _Trial:
    candidates = _candidates(question, library, fit)
    views = question.views[candidates]
    first = int(score(views, fit.ranking).argmax())
    sentence, maxsim, sentence_maxsim = map(float, views[first])
    features = Features(
        sentence=sentence,
        maxsim=maxsim,
        sentence_maxsim=sentence_maxsim,
        lead=lead(maxsim, np.delete(views[:, 1], first)),
        same_language=float(question.same_language[candidates[first]]),
    )
    number = int(candidates[first])
    read = partial(question.read, number) if question.read else None
    return _Trial(kind, features, kind is _Kind.ANSWERABLE and number == question.gold, read)


def _cell(
    pair: Pair,
    fitted: Sequence[tuple[frozenset[str], Fit, Mapping[Pair, Asked]]],
) -> Cell:
    """Each fold's questions judged by the fit that has not seen their articles."""
    recall, sentence = [], []
    for fold, fit, asked in fitted:
        for question in asked[pair].questions:
            if question.article in fold:
                candidates = _candidates(question, np.arange(len(question.views)), fit)
                views = question.views[candidates]
                first = int(candidates[score(views, fit.ranking).argmax()])
                recall.append(first == question.gold)
                chosen = int(question.sentences[first].argmax())
                sentence.append(recall[-1] and chosen in question.gold_sentences)
    shares: dict[_Kind, list[float]] = {kind: [] for kind in WEIGHTS}
    at_95 = []
    everything = sorted({str(article) for article in fitted[0][2][pair].articles})
    for seed in range(8):
        random = np.random.default_rng(seed)
        inside = frozenset(map(str, random.permutation(everything)[: len(everything) // 2]))
        places: dict[_Kind, list[float]] = {kind: [] for kind in WEIGHTS}
        for fold, fit, asked in fitted:
            one = asked[pair]
            unseen = [question for question in one.questions if question.article in fold]
            for trial in _trials(unseen, one.articles, inside, fit, random):
                # Each fold's fit has a threshold of its own: count from there.
                chance = fit.probability(trial.features, trial.read)
                place = logit(chance) - logit(fit.answered)
                places[trial.kind].append(float(place))
        for kind, found in places.items():
            shares[kind].append(float(np.mean(np.array(found) >= 0)))
        threshold = np.quantile(places[_Kind.ANSWERABLE], 1 - 0.95)
        at_95.append(np.mean(np.array(places[_Kind.ABSENT]) >= threshold))
    return Cell(
        *pair,
        recall=float(np.mean(recall)),
        sentence=float(np.mean(sentence)),
        false_at_95=float(np.mean(at_95)),
        answered=float(np.mean(shares[_Kind.ANSWERABLE])),
        false_answers=float(np.mean(shares[_Kind.ABSENT])),
        neighbouring=float(np.mean(shares[_Kind.NEIGHBOURING])),
    )
