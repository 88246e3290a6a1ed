"""How good the answers are: SQuAD-format files in, the field's figures out.

Every question goes the way a member's does. With ``rank(q)`` the rank of the first citation from
the paragraph that holds question q's answer:

    recall@k     share of questions with rank(q) <= k
    mrr@10       mean of 1 / rank(q), 0 beyond 10
    sentence@1   share of questions whose first citation's highlight contains the gold answer
    false at 95  share of absent questions answered, were the threshold of "answered" set so that
                 95 % of the answerable ones are
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from index.answer import Answer, Status
from index.content import Article, Content
from index.encoder import Encoder
from index.fit import Fit
from index.language import detect_language
from index.library import Library
from index.paragraphs import Paragraph, flat
from index.passages import Passage

DEPTH = 10
RECALL_AT = (1, 3, 5)

Progress = Callable[[int, int], None]


class EvaluationError(Exception):
    """A file of questions or passages cannot be used; ``str()`` is one sentence."""


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """Where a question's answer stands: the article's id, its paragraph counted from 1, the
    answer's wordings, and the paragraph's text, as it may stand in other articles too."""

    article: str
    paragraph: int
    texts: tuple[str, ...]
    context: str


def answering_passage(passages: Sequence[Passage], gold: GoldAnswer) -> int:
    """The place of the gold paragraph in ``passages``, which must hold it; of one that was split,
    of the first part with the answer."""
    parts = [
        place
        for place, passage in enumerate(passages)
        if (passage.article, passage.paragraph) == (gold.article, gold.paragraph)
    ]
    return next(
        (part for part in parts if any(text in passages[part].text for text in gold.texts)),
        parts[0],
    )


def answering_sentences(passage: Passage, answers: Sequence[str]) -> frozenset[int]:
    """The places of the passage's sentences that hold one of the ``answers``."""
    return frozenset(
        place
        for place, (start, end) in enumerate(passage.sentences)
        if any(answer in passage.text[start:end] for answer in answers)
    )


@dataclass(frozen=True, slots=True)
class Dataset:
    """A SQuAD-format file: its articles, and by id its questions and where their answers stand.

    ``unanswered``: by the id of a question that has no answer, the id of the article it is asked
    of.
    """

    articles: tuple[Article, ...]
    questions: dict[str, str]
    answers: dict[str, GoldAnswer]
    unanswered: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over questions and its 95 % confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A question's confidence, and whether its first citation is from the right paragraph."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``beleg evaluate`` prints.

    ``answered`` is the share of answerable questions answered, ``false_answers`` the share of the
    ``absent`` questions, which the passages do not answer; None without any. ``judged`` has the
    answerable questions, then the absent ones. Latencies in milliseconds.
    """

    passages: int
    questions: int
    recall: dict[int, Figure]
    mrr: Figure
    sentence: Figure
    answered: Figure
    absent: int
    false_answers: Figure | None
    false_at_95: Figure | None
    judged: tuple[Judged, ...]
    p50: float
    p95: float


class _SquadAnswer(BaseModel):
    text: str


class _SquadQuestion(BaseModel):
    id: str
    question: str
    answers: list[_SquadAnswer]


class _SquadParagraph(BaseModel):
    context: str
    qas: list[_SquadQuestion]


class _SquadArticle(BaseModel):
    title: str = ""
    paragraphs: list[_SquadParagraph]


class _SquadFile(BaseModel):
    data: list[_SquadArticle]


def read_squad(path: Path) -> Dataset:
    """Read a SQuAD-format file (Rajpurkar and others, 2016).

    Raises EvaluationError naming the file and what is wrong.
    """
    try:
        file = _SquadFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise EvaluationError(f"Cannot read {path}: {error.strerror}; check the path.") from error
    except ValidationError as error:
        raise EvaluationError(
            f"{path} is not in SQuAD format (data, paragraphs, context, qas); "
            "check that it is the right file."
        ) from error
    articles, questions, answers, unanswered = [], {}, {}, {}
    for number, entry in enumerate(file.data, 1):
        # SQuAD's titles are those of Wikipedia's addresses, which have no spaces.
        title = entry.title.replace("_", " ")
        article = _article(f"{number:04}", title, [one.context for one in entry.paragraphs])
        articles.append(article)
        for index, paragraph in enumerate(entry.paragraphs, 1):
            for asked in paragraph.qas:
                questions[asked.id] = asked.question
                if texts := tuple(answer.text for answer in asked.answers):
                    answers[asked.id] = GoldAnswer(article.id, index, texts, paragraph.context)
                else:
                    unanswered[asked.id] = article.id
    return Dataset(tuple(articles), questions, answers, unanswered)


def evaluate(
    passages: Dataset,
    questions: dict[str, str],
    absent: dict[str, str],
    encoder: Encoder,
    fit: Fit,
    on_progress: Progress | None = None,
) -> Evaluation:
    """Index ``passages`` in a temporary folder and ask every question of known answer, then the
    absent ones.

    Raises EvaluationError where no question has its answer in the passages.
    """
    asked = [
        (text, passages.answers[id_]) for id_, text in questions.items() if id_ in passages.answers
    ]
    if not asked:
        raise EvaluationError(
            "No question has its answer in the passages: the two files share no question id; "
            "check that they belong together."
        )
    others = [text for id_, text in absent.items() if id_ not in passages.answers]
    content = Content(passages.articles, (), "evaluation")
    with tempfile.TemporaryDirectory(prefix="beleg-") as folder:
        library = Library.of(content, Path(folder), encoder, fit)
        total = len(asked) + len(others)
        answers = []
        for number, text in enumerate([*(text for text, _ in asked), *others], 1):
            answers.append(library.answer(text, top=DEPTH))
            if on_progress:
                on_progress(number, total)
        found, refused = answers[: len(asked)], answers[len(asked) :]
        outcomes = list(zip(found, (gold for _, gold in asked), strict=True))
        ranks = np.array([_rank(answer, gold) for answer, gold in outcomes])
        latencies = [answer.elapsed_ms for answer in answers]
        threshold = np.quantile([answer.confidence for answer in found], 1 - 0.95)
        return Evaluation(
            passages=library.passage_count,
            questions=len(asked),
            recall={k: _figure(ranks <= k) for k in RECALL_AT},
            mrr=_figure(np.where(ranks <= DEPTH, 1 / ranks, 0)),
            sentence=_figure(np.array([_sentence(*outcome) for outcome in outcomes])),
            answered=_figure(np.array([a.status is Status.ANSWERED for a in found])),
            absent=len(others),
            false_answers=_figure(np.array([a.status is Status.ANSWERED for a in refused]))
            if others
            else None,
            false_at_95=_figure(np.array([a.confidence >= threshold for a in refused]))
            if others
            else None,
            judged=tuple(
                Judged(answer.confidence, bool(right))
                for answer, right in zip(
                    answers, [*(ranks == 1), *(False for _ in others)], strict=True
                )
            ),
            p50=float(np.percentile(latencies, 50)),
            p95=float(np.percentile(latencies, 95)),
        )


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The object that ``beleg evaluate --json`` prints."""
    figures = {
        **{f"recall@{k}": figure for k, figure in evaluation.recall.items()},
        f"mrr@{DEPTH}": evaluation.mrr,
        "sentence@1": evaluation.sentence,
        "answered": evaluation.answered,
        "false_answers": evaluation.false_answers,
        "false_at_95": evaluation.false_at_95,
    }
    return {
        "passages": evaluation.passages,
        "questions": evaluation.questions,
        "absent_questions": evaluation.absent,
        **{name: figure and round(figure.value, 4) for name, figure in figures.items()},
        "latency_ms": {"p50": round(evaluation.p50, 1), "p95": round(evaluation.p95, 1)},
        "interval_95": {
            name: [round(figure.low, 4), round(figure.high, 4)]
            for name, figure in figures.items()
            if figure
        },
    }


def _article(id_: str, title: str, paragraphs: Sequence[str]) -> Article:
    text = "\n\n".join(paragraphs)
    spans = []
    position = 0
    for paragraph in paragraphs:
        spans.append(Paragraph(position, position + len(paragraph), None))
        position += len(paragraph) + 2
    return Article(
        id=id_,
        path=id_,
        text=text,
        title=title,
        author=None,
        publisher=None,
        url=None,
        date=None,
        language=detect_language(text),
        paragraphs=tuple(spans),
        omissions=(),
        notes=(),
    )


def _rank(answer: Answer, gold: GoldAnswer) -> float:
    context = flat(gold.context)
    for citation in answer.citations:
        here = (citation.article, citation.paragraph) == (gold.article, gold.paragraph)
        # Of a paragraph that stands in several articles, only one is cited.
        if here or flat(citation.quote) in context:
            return citation.rank
    return np.inf


def _sentence(answer: Answer, gold: GoldAnswer) -> bool:
    return bool(answer.citations) and any(
        text in answer.citations[0].highlight.text for text in gold.texts
    )


def _figure(values: NDArray[Any]) -> Figure:
    """Mean and percentile bootstrap over the questions (Efron 1979; 2,000 resamples, fixed
    seed)."""
    values = values.astype(float)
    resampled = np.random.default_rng(0).choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Figure(float(values.mean()), float(low), float(high))
