"""What the numbers are learned from: questions compared with passages as the library does."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_encoder import FakeEncoder
from fit_questions import Telling
from fits import fit_for
from places import PAIRS, TALK, TEXTS, squad

from index import fit_samples
from index.content import Content
from index.evaluate import Dataset, GoldAnswer, answering_passage, read_squad
from index.fit_samples import ask_all
from index.language import language_likelihood
from index.library import Library
from index.rerank import compare
from index.search import Query


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    folder = tmp_path_factory.mktemp("squad")
    return {language: squad(folder, language) for language in TEXTS}


def test_questions_are_compared_as_the_library_does(
    datasets: dict[str, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All passages' views at once are those that the re-ranking has of each."""
    monkeypatch.setattr(fit_samples, "QUESTIONS_AT_ONCE", 7)  # of 8
    encoder = FakeEncoder()
    fit = replace(
        fit_for(encoder, passage_mean=0.05),
        question_mean=np.full(64, -0.05, np.float32),
        vector_mean=np.full(64, 0.03, np.float32),
    )
    every = dict(ask_all(datasets, TALK, encoder, fit))
    assert list(every) == PAIRS
    for (asking, language), asked in every.items():
        content = Content(datasets[language].articles, (), language)
        index = Library.of(content, tmp_path / f"{asking}-{language}", encoder, fit).index
        assert asked.articles.tolist() == [passage.article for passage in index.passages]
        texts = datasets[asking].questions
        assert (len(asked.questions), len(asked.talk)) == (len(texts), len(TALK))
        for (id_, text), question in zip(texts.items(), asked.questions, strict=True):
            [encoding] = encoder.encode_questions([text])
            [hits] = index.search_all([Query(fit.looked_up(encoding.vector))], 99)
            hits.sort(key=lambda hit: hit.number)
            found = compare(encoding, hits, index, fit.question_mean)
            # Here floats are compared, there bytes.
            np.testing.assert_allclose(question.views, found.passages, rtol=0, atol=0.002)
            by_passage = np.split(found.sentence_maxsim, found.firsts[1:])
            for sentences, within in zip(question.sentences, by_passage, strict=True):
                np.testing.assert_allclose(sentences, within, rtol=0, atol=0.002)
            gold = datasets[language].answers[id_]
            passage = index.passages[question.gold]
            assert (passage.article, passage.paragraph) == (gold.article, gold.paragraph)
            # Who built the pier stands in the second sentence, how high the tower is in the first.
            assert question.gold_sentences == ({1} if gold.paragraph == 1 else {0})
            fits = language_likelihood(text, language)
            assert question.same_language.tolist() == [fits] * len(index.passages)


def test_what_is_read_are_the_question_and_the_first_passage(
    datasets: dict[str, Dataset],
) -> None:
    reader, encoder = Telling(), FakeEncoder()
    fit = replace(fit_for(encoder), reader=reader)
    asked = dict(ask_all(datasets, TALK, encoder, fit))["en", "en"]
    assert reader.asked == []
    question, number = asked.questions[0], 3
    assert question.read is not None
    odds = [question.read(number), question.read(number), question.read(0)]
    # "Who built the pier of Arnsholm in 1887?", "Brandsee" and "The tower of Brandsee is 44 metres
    # high. At night Edda counts the ships there."; the same is read once.
    assert reader.asked == [(8, 8, 16), (8, 8, 18)]
    assert odds == [1.0, 1.0, 2.0]
    assert all(
        q.read is None
        for q in dict(ask_all(datasets, TALK, encoder, fit_for(encoder)))["en", "en"].questions
    )


def test_question_belongs_to_the_part_of_its_paragraph_that_answers(tmp_path: Path) -> None:
    """The second paragraph is in three parts, and what answers stands elsewhere, too."""
    paragraphs = [
        "Odile rang the bells.",
        "Mira cut the hemp twice. Odile rang the bells thrice. Odile rang the bells again.",
    ]
    data = [{"title": "Bells", "paragraphs": [{"context": one, "qas": []} for one in paragraphs]}]
    (tmp_path / "bells.json").write_text(json.dumps({"data": data}), encoding="utf-8")
    content = Content(read_squad(tmp_path / "bells.json").articles, (), "en")
    encoder = FakeEncoder(max_tokens=5)
    index = Library.of(content, tmp_path / "data", encoder, fit_for(encoder)).index
    assert [(passage.paragraph, passage.part) for passage in index.passages] == [
        *((1, 1), (2, 1), (2, 2), (2, 3)),
    ]

    def part(*texts: str) -> int:
        return answering_passage(index.passages, GoldAnswer("0001", 2, texts, ""))

    assert part("rang the bells") == 2
    assert part("again") == 3
    assert part("nowhere", "cut the hemp") == 1
    # An answer across two parts is in neither: the first stands for it.
    assert part("thrice. Odile") == 1
