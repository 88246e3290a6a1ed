"""Learn the fitted numbers of a model from questions with known answers.

Each language's file holds the same articles and questions, so that every language's questions can
be asked of every language's passages. Four things are learned, in this order:

    means        of unit-length token vectors, questions and passages apart, over all languages
    ranking      weights that put the right passage first (softmax over the candidates)
    sentence     weight of MaxSim beside the cosine when the sentence is chosen
    confidence   logistic regression on whether the first passage is the right one

For the confidence, libraries of different sizes are made of some articles, and questions on the
others are asked of them too, with small talk, which no library answers. What is reported is
cross-fitted: every article's questions are judged by numbers learned from other articles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib import resources
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, logit, logsumexp
from sklearn.linear_model import LogisticRegression

from index.encoder import Encoder
from index.evaluate import Dataset
from index.fit import Confidence, Fit, Ranking
from index.fit_samples import Asked, Pair, Question, ask_all
from index.late_interaction import Float32, unit
from index.remembering import RememberingEncoder
from index.rerank import score, standardised

Float64 = NDArray[np.float64]

FOLDS = 2
LIBRARY_SIZES = (2, 4, 8)
"""Articles in the libraries that confidence is learned from: ten to forty of XQuAD's paragraphs."""
LIBRARIES = 12
ANSWERED_SHARE = 0.95
UNSURE_SHARE = 0.99
"""The thresholds let through these shares of the answerable questions."""
REGULARISATION = 1e-3


@dataclass(frozen=True, slots=True)
class Cell:
    """How questions of one language fared with passages of another, cross-fitted.

    ``false_at_95``: share of questions on absent articles answered where 95 % of the answerable
    ones are; ``answered`` and ``false_answers``: the shares at the thresholds of the fit, the same
    for all languages.
    """

    questions: str
    passages: str
    recall: float
    sentence: float
    false_at_95: float
    answered: float
    false_answers: float


def fit_model(
    datasets: Mapping[str, Dataset],
    small_talk: Sequence[str],
    encoder: Encoder,
) -> tuple[Fit, list[Cell]]:
    """The fit from all articles, and cross-fitted figures for each pair of languages.

    ``datasets`` by language hold the same articles in the same order. ``small_talk``: messages no
    library answers.
    """
    remembering = RememberingEncoder(encoder)
    remembering.encode_questions([q for data in datasets.values() for q in data.questions.values()])
    articles = [article.id for article in next(iter(datasets.values())).articles]
    shuffled = np.random.default_rng(0).permutation(articles)
    folds = [frozenset(map(str, part)) for part in np.array_split(shuffled, FOLDS)]
    fitted: list[tuple[frozenset[str], Fit, dict[Pair, Asked]]] = []
    for fold in folds:
        others = frozenset(articles) - fold
        fit, asked = _fit_articles(datasets, small_talk, remembering, others)
        fitted.append((fold, fit, asked))
    cells = [_cell(pair, fitted) for pair in fitted[0][2]]
    return _fit_articles(datasets, small_talk, remembering, frozenset(articles))[0], cells


def read_small_talk() -> list[str]:
    """Messages that no library answers, in a dozen languages."""
    text = (resources.files("index") / "fits" / "small_talk.yaml").read_text(encoding="utf-8")
    messages: list[str] = yaml.safe_load(text)
    return messages


def provenance(
    encoder: Encoder, datasets: Mapping[str, Dataset], cells: Sequence[Cell], command: str
) -> dict[str, Any]:
    """Where a fit comes from: kept beside its numbers."""
    return {
        "model": encoder.name,
        "command": command,
        "date": date.today().isoformat(),
        "data": {
            language: f"{len(data.articles)} articles, {len(data.answers)} questions"
            for language, data in datasets.items()
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
) -> tuple[Fit, dict[Pair, Asked]]:
    """Learn from the questions of ``articles``; all questions' views under the means learned."""
    question_mean, passage_mean = _means(datasets, encoder, articles)
    fit = Fit(question_mean, passage_mean, Ranking(1, 1, 1), 0.4, None, 1.0, 0.5)
    asked = dict(ask_all(datasets, small_talk, encoder, fit))
    known = {
        pair: replace(one, questions=[q for q in one.questions if q.article in articles])
        for pair, one in asked.items()
    }
    fit = replace(fit, ranking=_fit_ranking(known), sentence_maxsim=_fit_sentence(known))
    return _fit_confidence(fit, known, articles), asked


def _means(
    datasets: Mapping[str, Dataset], encoder: Encoder, articles: frozenset[str]
) -> tuple[Float32, Float32]:
    questions, passages = [], []
    for dataset in datasets.values():
        texts = [
            dataset.questions[id_]
            for id_, gold in dataset.answers.items()
            if gold.article in articles
        ]
        encoded = encoder.encode_questions(texts)
        questions.append(np.concatenate([unit(one.tokens) for one in encoded]).mean(axis=0))
        texts = [
            article.text[paragraph.start : paragraph.end]
            for article in dataset.articles
            if article.id in articles
            for paragraph in article.paragraphs
        ]
        limit = encoder.max_tokens
        short = [t for t, n in zip(texts, encoder.count_tokens(texts), strict=True) if n <= limit]
        vectors = [unit(one.tokens) for one in encoder.encode_passages(short)]
        passages.append(np.concatenate(vectors).mean(axis=0))
    # Each language counts the same, however many tokens its words take.
    return np.mean(questions, axis=0), np.mean(passages, axis=0)


def _fit_ranking(asked: Mapping[Pair, Asked]) -> Ranking:
    views = [
        np.stack([standardised(question.views[:, :3]) for question in one.questions])
        for one in asked.values()
    ]
    golds = [np.array([question.gold for question in one.questions]) for one in asked.values()]

    def loss(weights: Float64) -> float:
        losses = [
            -log_softmax(view @ weights, axis=1)[np.arange(len(gold)), gold]
            for view, gold in zip(views, golds, strict=True)
        ]
        return float(np.concatenate(losses).mean() + REGULARISATION * weights @ weights)

    found = minimize(loss, np.ones(3)).x
    return Ranking(*(float(weight) for weight in found / found.sum()))


def _fit_sentence(asked: Mapping[Pair, Asked]) -> float:
    """The weight of MaxSim relative to the cosine's, by a softmax over the right passage."""
    examples = [
        (question.sentences[question.gold], sorted(question.gold_sentences))
        for one in asked.values()
        for question in one.questions
        if 0 < len(question.gold_sentences) < len(question.sentences[question.gold])
    ]

    def loss(weights: Float64) -> float:
        losses = [logsumexp(v @ weights) - logsumexp(v[right] @ weights) for v, right in examples]
        return float(np.mean(losses) + 1e-5 * weights @ weights)

    cosine, maxsim = minimize(loss, np.array([10.0, 5.0])).x
    return float(maxsim / cosine)


def _fit_confidence(fit: Fit, asked: Mapping[Pair, Asked], articles: frozenset[str]) -> Fit:
    features, right, answerable = [], [], []
    random = np.random.default_rng(0)
    for number in range(LIBRARIES):
        size = LIBRARY_SIZES[number % len(LIBRARY_SIZES)]
        inside = frozenset(map(str, random.permutation(sorted(articles))[:size]))
        for one in asked.values():
            for question in (*one.questions, *one.talk):
                values, first = _first(question, one.articles, inside, fit)
                features.append(values)
                right.append(first == question.gold and question.article in inside)
                answerable.append(question.article in inside)
    table, labels, known = np.array(features), np.array(right), np.array(answerable)
    # Questions on absent articles are far more than those on present ones; halves of equal weight.
    weights = np.where(known, 1 / known.sum(), 1 / (~known).sum()) * len(known) / 2
    middle, spread = table.mean(axis=0), table.std(axis=0)
    model = LogisticRegression(C=100, max_iter=1000)
    model.fit((table - middle) / spread, labels, sample_weight=weights)
    slopes = model.coef_[0] / spread
    confidence = Confidence(float(model.intercept_[0] - slopes @ middle), *map(float, slopes))
    fit = replace(fit, confidence=confidence)
    chances = expit([_logit(fit, values) for values in table[known]])
    return replace(
        fit,
        answered=float(np.quantile(chances, 1 - ANSWERED_SHARE)),
        unsure=float(np.quantile(chances, 1 - UNSURE_SHARE)),
    )


def _first(
    question: Question, owners: NDArray[np.str_], inside: frozenset[str], fit: Fit
) -> tuple[list[float], int]:
    """What confidence goes by, of the passage that comes first in a library of ``inside``."""
    numbers = np.flatnonzero(np.isin(owners, sorted(inside)))
    views = question.views[numbers]
    first = int(score(views[:, :3], fit.ranking).argmax())
    sentence, maxsim, sentence_maxsim, paragraph = views[first]
    values = [sentence, paragraph, maxsim, sentence_maxsim, question.same_language]
    return values, int(numbers[first])


def _logit(fit: Fit, values: Sequence[float]) -> float:
    assert fit.confidence is not None
    slopes = [
        fit.confidence.sentence,
        fit.confidence.paragraph,
        fit.confidence.maxsim,
        fit.confidence.sentence_maxsim,
        fit.confidence.same_language,
    ]
    return float(fit.confidence.intercept + np.dot(slopes, values))


def _cell(
    pair: Pair,
    fitted: Sequence[tuple[frozenset[str], Fit, Mapping[Pair, Asked]]],
) -> Cell:
    """Each fold's questions judged by the fit that has not seen their articles."""
    recall, sentence = [], []
    for fold, fit, asked in fitted:
        for question in asked[pair].questions:
            if question.article in fold:
                first = int(score(question.views[:, :3], fit.ranking).argmax())
                recall.append(first == question.gold)
                chosen = question.sentences[first] @ [1, fit.sentence_maxsim]
                sentence.append(recall[-1] and int(chosen.argmax()) in question.gold_sentences)
    at_95, answered, false = [], [], []
    everything = sorted({str(article) for article in fitted[0][2][pair].articles})
    for seed in range(8):
        inside = frozenset(
            map(str, np.random.default_rng(seed).permutation(everything)[: len(everything) // 2])
        )
        present: list[float] = []
        absent: list[float] = []
        for fold, fit, asked in fitted:
            one = asked[pair]
            for question in one.questions:
                if question.article in fold:
                    values, _ = _first(question, one.articles, inside, fit)
                    # Each fold's fit has a threshold of its own: count from there.
                    place = _logit(fit, values) - float(logit(fit.answered))
                    (present if question.article in inside else absent).append(place)
        at_95.append(np.mean(np.array(absent) >= np.quantile(present, 1 - ANSWERED_SHARE)))
        answered.append(np.mean(np.array(present) >= 0))
        false.append(np.mean(np.array(absent) >= 0))
    return Cell(
        *pair,
        recall=float(np.mean(recall)),
        sentence=float(np.mean(sentence)),
        false_at_95=float(np.mean(at_95)),
        answered=float(np.mean(answered)),
        false_answers=float(np.mean(false)),
    )
