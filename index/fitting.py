"""Learn the fitted numbers of a model from questions with known answers.

Each language's file holds the same articles and questions, so that every language's questions can
be asked of every language's passages. These are learned, in this order:

    means        of unit-length token vectors, questions and passages apart, and of the questions'
                 vectors, over all languages
    bias         how much more alike a question is to passages in its own language
    ranking      weights that put the right passage first (softmax over the candidates)
    margin       how far behind a right first passage's best sentence may be
    confidence   logistic regression on whether the first passage is the right one
    second look  what the reader counts for in the order and in the confidence, if the model has one

`index/fit_confidence.py` learns the last two, and the thresholds. What is reported is cross-fitted:
every article's questions are judged by numbers learned from other articles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from importlib import resources
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, logit

from index.encoder import Encoder
from index.evaluate import Dataset, EvaluationError
from index.fit import Fit, LanguageBias, Ranking
from index.fit_confidence import WEIGHTS, fit_confidence
from index.fit_samples import Asked, Pair, Question, ask_all, ask_of_own
from index.fit_trials import Kind, first_candidates, make_trials
from index.late_interaction import Float32, unit
from index.passage_vectors import TitledPassage, encode_sentences
from index.passages import split_article
from index.reader import Reader
from index.remembering import RememberingEncoder
from index.rerank import score, without_bias
from index.second_look import judge

Float64 = NDArray[np.float64]

FOLDS = 2
GROUP = 12
"""Articles held out that are indexed together, for libraries to be made of."""
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
    return fit_confidence(fit, known, articles, besides), asked


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


def _cell(
    pair: Pair,
    fitted: Sequence[tuple[frozenset[str], Fit, Mapping[Pair, Asked]]],
) -> Cell:
    """Each fold's questions judged by the fit that has not seen their articles."""
    recall, sentence = [], []
    for fold, fit, asked in fitted:
        for question in asked[pair].questions:
            if question.article in fold:
                candidates, numbers = first_candidates(
                    question, np.arange(len(question.views)), fit
                )
                first = numbers[judge(candidates, fit).first]
                recall.append(first == question.gold)
                chosen = int(question.sentences[first].argmax())
                sentence.append(recall[-1] and chosen in question.gold_sentences)
    shares: dict[Kind, list[float]] = {kind: [] for kind in WEIGHTS}
    at_95 = []
    everything = sorted({str(article) for article in fitted[0][2][pair].articles})
    for seed in range(8):
        random = np.random.default_rng(seed)
        inside = frozenset(map(str, random.permutation(everything)[: len(everything) // 2]))
        places: dict[Kind, list[float]] = {kind: [] for kind in WEIGHTS}
        for fold, fit, asked in fitted:
            one = asked[pair]
            unseen = [question for question in one.questions if question.article in fold]
            for trial in make_trials(unseen, one.articles, inside, fit, random):
                # Each fold's fit has a threshold of its own: count from there.
                chance = judge(trial.candidates, fit).probability
                place = logit(chance) - logit(fit.answered)
                places[trial.kind].append(float(place))
        for kind, found in places.items():
            shares[kind].append(float(np.mean(np.array(found) >= 0)))
        threshold = np.quantile(places[Kind.ANSWERABLE], 1 - 0.95)
        at_95.append(np.mean(np.array(places[Kind.ABSENT]) >= threshold))
    return Cell(
        *pair,
        recall=float(np.mean(recall)),
        sentence=float(np.mean(sentence)),
        false_at_95=float(np.mean(at_95)),
        answered=float(np.mean(shares[Kind.ANSWERABLE])),
        false_answers=float(np.mean(shares[Kind.ABSENT])),
        neighbouring=float(np.mean(shares[Kind.NEIGHBOURING])),
    )
