"""Teaching the reader, on a few passages whose vectors follow from their words."""

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
import typer
from fake_encoder import FakeEncoder
from fits import fit_for
from torch import Tensor

from index.content import Content
from index.evaluate import read_squad
from index.library import Library
from index.paragraphs import Paragraph
from index.passage_vectors import PassageTokens
from index.reader import Reader
from training import reader_samples, train_reader
from training.reader_layers import NOTHING, ReaderLayers, batch_of, write_reader
from training.reader_samples import Asked, Lessons, _Libraries, read_lessons
from training.train_reader import LONGEST, Settings, _blanked, _chosen, learn, loss

ARTICLES = [
    ("Ferry", ["The ferry sinks in autumn. Nobody drowns.", "The island has a ferry. It is old."]),
    ("Birds", ["Gulls eat fish at dawn. They nest in May.", "Terns fly far. They nest in June."]),
]
QUESTIONS = [
    ("when does the ferry sink in autumn", 0, 0, ["autumn"]),
    ("has the island a ferry", 0, 1, ["a ferry"]),
    ("when do gulls eat fish", 1, 0, ["dawn", "at dawn"]),
    ("when do terns nest", 1, 1, ["June"]),
    ("who eats terns", 1, 1, []),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = [
        {
            "title": title,
            "paragraphs": [
                {
                    "context": context,
                    "qas": [
                        {"id": text, "question": text, "answers": [{"text": a} for a in answers]}
                        for text, article, paragraph, answers in QUESTIONS
                        if (article, paragraph) == (number, place)
                    ],
                }
                for place, context in enumerate(contexts)
            ],
        }
        for number, (title, contexts) in enumerate(ARTICLES)
    ]
    path = tmp_path_factory.mktemp("reader") / "one.json"
    path.write_text(json.dumps({"data": data}))
    return path


@pytest.fixture(scope="module")
def lessons(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Lessons:
    """The file twice, as two files with articles of the same numbers."""
    other = file.parent / "two.json"
    other.write_text(file.read_text().replace('"id": "', '"id": "again '))
    encoder = FakeEncoder()
    return read_lessons(
        [file, other], tmp_path_factory.mktemp("library"), encoder, fit_for(encoder)
    )


@pytest.fixture(scope="module")
def few(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Lessons:
    """The file once: no passage that answers is counted as a wrong one."""
    encoder = FakeEncoder()
    return read_lessons([file], tmp_path_factory.mktemp("library"), encoder, fit_for(encoder))


def few_layers() -> ReaderLayers:
    torch.manual_seed(0)
    return ReaderLayers(64, width=32, layers=2, heads=2)


def test_lessons_are_asked_of_all_passages(lessons: Lessons) -> None:
    assert len(lessons.passages) == 8
    assert len(lessons.asked) == 10
    # "Ferry", "The ferry sinks in autumn. Nobody drowns."
    assert lessons.passages[0].starts.tolist() == [1, 6]
    assert [asked.right for asked in lessons.asked] == [0, 1, 2, 3, None, 4, 5, 6, 7, None]
    assert all(len(asked.first) == 6 == len(set(asked.first)) for asked in lessons.asked)
    # The same passage stands in both files; the first one comes first.
    assert [asked.first[:2] for asked in lessons.asked[:3]] == [(0, 4), (1, 5), (2, 6)]
    assert lessons.asked[0].tokens.shape == (7, 64)
    assert lessons.asked[0].weights.tolist() == [1.0] * 7


def test_answers_are_places_among_a_passages_tokens(lessons: Lessons) -> None:
    """The title's token is the first; the last word of "The ferry sinks in autumn." the sixth."""
    assert [asked.answer for asked in lessons.asked] == 2 * [(5,), (4, 5), (4, 5), (7,), ()]


def odds_of(layers: ReaderLayers, lessons: Lessons, asked: Asked, number: int) -> float:
    with torch.no_grad():
        found: Tensor = layers(*batch_of([lessons.pair(asked, number)]))
    return float(torch.logsumexp(found, dim=1)[0])


@pytest.fixture(scope="module")
def learned(few: Lessons) -> tuple[ReaderLayers, list[float]]:
    layers = few_layers()
    return layers, learn(layers, few, Settings(rate=3e-3, rounds=80))


def test_learning_tells_what_answers(
    few: Lessons, learned: tuple[ReaderLayers, list[float]]
) -> None:
    layers, losses = learned
    assert losses[-1] < losses[0] / 4
    for asked in few.asked:
        odds = [odds_of(layers, few, asked, number) for number in range(4)]
        assert [one > 0 for one in odds] == [number == asked.right for number in range(4)]


def test_the_written_reader_finds_the_same(
    lessons: Lessons, learned: tuple[ReaderLayers, list[float]], tmp_path: Path
) -> None:
    layers, _ = learned
    path = tmp_path / "reader.onnx"
    pair = lessons.pair(lessons.asked[0], 0)
    write_reader(path, layers, pair, {"command": "a command"})
    entries = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(entries["provenance"]) == {"command": "a command"}
    assert [one.name for one in tmp_path.iterdir()] == ["reader.onnx"]
    # Nor where it was made.
    assert b"training" not in path.read_bytes()
    reader = Reader(path)
    for asked in lessons.asked[:5]:
        for number in range(4):
            question = asked.tokens.astype(np.float32)
            found = reader.read(question, asked.weights, lessons.passages[number])
            # In bytes, of log-odds from -6 to 6.
            assert found == pytest.approx(odds_of(layers, lessons, asked, number), abs=0.4)


def test_layers_do_not_see_what_fills_up_a_batch(lessons: Lessons) -> None:
    layers = few_layers()
    torch.nn.init.normal_(layers._of_token.weight)
    torch.nn.init.normal_(layers._of_question.weight)
    pairs = [lessons.pair(lessons.asked[2], 2), lessons.pair(lessons.asked[0], 0)]
    with torch.no_grad():
        together = layers(*batch_of(pairs))
        for row, pair in enumerate(pairs):
            [alone] = layers(*batch_of([pair]))
            count = len(alone)
            np.testing.assert_allclose(together[row, :count], alone, atol=1e-5)
            assert together[row, count:].tolist() == [NOTHING] * (together.shape[1] - count)
            # The title's token is no answer.
            assert alone[0].item() == NOTHING
            assert alone[1:].min().item() > -100


class Saying(torch.nn.Module):
    """Layers that find some log-odds for the answer's tokens and others for the rest."""

    def __init__(self, of_answer: float, of_rest: float) -> None:
        super().__init__()
        self.of_answer, self.of_rest = of_answer, of_rest

    def forward(self, batch: dict[str, Tensor], asked: Tensor, there: Tensor) -> Tensor:
        """The first pair is of the right passage: `_chosen` puts it there."""
        odds = torch.full(there.shape, self.of_rest)
        odds[0, 5] = self.of_answer
        return odds.masked_fill(~(there & (batch["sentences"] > 0)), NOTHING)


def surprise(lessons: Lessons, *numbers: int) -> list[float]:
    """That a passage of the number answers nothing, where all tokens have log-odds of -1."""
    counts = [len(lessons.passages[number].vectors.scales) - 1 for number in numbers]
    return [math.log(count * math.exp(-1) + 1) for count in counts]


def test_the_loss_by_hand(lessons: Lessons) -> None:
    """The right passage, of seven tokens beside its title's, and two wrong ones, which share a
    weight; a wrong one's answer is nothing."""
    asked = replace(lessons.asked[0], first=(0, 1, 3), elsewhere=())
    assert len(lessons.passages[0].vectors.scales) - 1 == 7
    found = loss(Saying(2.0, -1.0), lessons, [asked], 3, random.Random(0))
    expected = math.log(math.exp(2) + 6 * math.exp(-1) + 1) - 2
    expected += sum(surprise(lessons, 1, 3)) / 2
    assert found.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("first", [(1, 3), (0, 1)])
def test_the_loss_where_nothing_answers(lessons: Lessons, first: tuple[int, int]) -> None:
    """The right passage is not among the first; or there is none."""
    asked = replace(lessons.asked[0 if first == (1, 3) else 4], first=first, elsewhere=())
    found = loss(Saying(-1.0, -1.0), lessons, [asked], 2, random.Random(0))
    assert found.item() == pytest.approx(sum(surprise(lessons, *first)) / 2, rel=1e-5)


def test_a_right_passage_without_a_known_answer_tells_nothing(lessons: Lessons) -> None:
    asked = replace(lessons.asked[0], first=(0, 1), elsewhere=(), answer=())
    found = loss(Saying(-1.0, -1.0), lessons, [asked], 2, random.Random(0))
    assert found.item() == pytest.approx(surprise(lessons, 1)[0], rel=1e-5)


def test_the_right_passage_is_chosen_wherever_it_comes(lessons: Lessons) -> None:
    asked = replace(lessons.asked[0], first=(3, 2, 5, 1, 0, 7), elsewhere=())
    chosen = [_chosen(asked, 3, random.Random(seed)) for seed in range(200)]
    assert all(len(one) == 3 and one[0] == 0 for one in chosen)
    assert 0.6 < np.mean([one[1:] == [3, 2] for one in chosen]) < 0.85
    assert {number for one in chosen for number in one[1:]} == {1, 2, 3, 5, 7}
    few = replace(asked, right=None, first=(3, 2))
    assert sorted(_chosen(few, 3, random.Random(0))) == [2, 3]


def test_one_passage_is_chosen_from_elsewhere(lessons: Lessons) -> None:
    asked = replace(lessons.asked[0], first=(3, 2, 5, 1, 0), elsewhere=(6, 7))
    chosen = [_chosen(asked, 3, random.Random(seed)) for seed in range(200)]
    assert all(len(one) == 3 and one[0] == 0 for one in chosen)
    assert {one[1] for one in chosen} == {1, 2, 3, 5}
    assert {one[2] for one in chosen} == {6, 7}


def test_elsewhere_is_in_other_articles(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what comes first of all passages is not from there."""
    monkeypatch.setattr(reader_samples, "FIRST", 1)
    encoder = FakeEncoder()
    lessons = read_lessons([file], tmp_path, encoder, fit_for(encoder))
    assert [asked.first for asked in lessons.asked] == [(0,), (1,), (2,), (3,), (3,)]
    assert [asked.elsewhere for asked in lessons.asked] == [(2,), (2,), (0,), (0,), (0,)]
    monkeypatch.setattr(reader_samples, "FIRST", 4)
    lessons = read_lessons([file], tmp_path / "again", encoder, fit_for(encoder))
    assert [asked.elsewhere for asked in lessons.asked] == [()] * 5


def test_what_comes_first_in_small_libraries(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The article that the question is on is left out, and of five others some are in each."""
    encoder = FakeEncoder()
    [ferry, birds] = read_squad(file).articles
    hum = [f"Bees hum {n}." for n in range(4)]
    bees = [
        replace(birds, id=text, text=text, paragraphs=(Paragraph(0, len(text), None),))
        for text in hum
    ]
    content = Content((ferry, birds, *bees), (), "")
    index = Library.of(content, tmp_path, encoder, fit_for(encoder)).index
    texts = ["the ferry sinks", "the island has a ferry", "gulls eat fish", "terns fly far"] * 20
    vectors = np.stack([one.vector for one in encoder.encode_questions(texts)])
    own = [birds.id, birds.id, ferry.id, ferry.id] * 20
    place = {passage.text: number for number, passage in enumerate(index.passages)}
    best = [place[text] for text in (*ARTICLES[0][1], *ARTICLES[1][1])] * 20
    monkeypatch.setattr(reader_samples, "LIBRARIES", (5,))
    assert list(_Libraries(index).first(vectors, own)) == [(number,) for number in best]
    # Of one article what comes first is in it, whatever it says.
    monkeypatch.setattr(reader_samples, "LIBRARIES", (1,))
    found = list(_Libraries(index).first(vectors, own))
    assert 0.05 < np.mean([(number,) == one for number, one in zip(best, found, strict=True)]) < 0.4
    monkeypatch.setattr(reader_samples, "LIBRARIES", (1, 5))
    assert {len(found) for found in _Libraries(index).first(vectors, own)} == {1, 2}


def test_long_passages_are_cut_and_some_tokens_left_out(lessons: Lessons) -> None:
    asked, short = lessons.asked[0], lessons.passages[0]
    vectors = replace(
        short.vectors,
        values=np.tile(short.vectors.values, (60, 1)),
        scales=np.tile(short.vectors.scales, 60),
    )
    whole = replace(lessons, passages=(PassageTokens(vectors, short.starts),)).pair(asked, 0)
    assert len(whole.passage) == 480
    cut = [_blanked(whole, random.Random(seed)) for seed in range(100)]
    for one in cut:
        assert {len(one.passage), len(one.sentences), len(one.alike)} == {LONGEST}
        assert len(one.passage_matches) == LONGEST
    left_out = [float((~one.passage.any(axis=1)).mean()) for one in cut]
    assert 30 < sum(share == 0 for share in left_out) < 70
    assert np.mean([share for share in left_out if share]) == pytest.approx(0.1, abs=0.02)


def test_what_was_learned_before_is_kept_where_there_is_nothing_to_learn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(train_reader, "load_encoder", FakeEncoder)
    monkeypatch.setattr(train_reader, "load_fit", fit_for)
    output = tmp_path / "reader.onnx"
    output.write_bytes(b"before")
    (tmp_path / "within").mkdir()
    (tmp_path / "within" / "texts.json").write_bytes(file.read_bytes())
    with pytest.raises(typer.BadParameter, match="any file named"):
        train_reader.main(output, tmp_path, rounds=1, rate=1e-3)
    (tmp_path / "texts.json").write_text("{}")
    with pytest.raises(typer.BadParameter, match="not in SQuAD format"):
        train_reader.main(output, tmp_path, rounds=1, rate=1e-3)
    with pytest.raises(typer.BadParameter, match="is a folder"):
        train_reader.main(tmp_path, file.parent, rounds=1, rate=1e-3)
    monkeypatch.undo()
    monkeypatch.setattr(train_reader, "load_encoder", FakeEncoder)
    with pytest.raises(typer.BadParameter, match="fake-64 has no fit"):
        train_reader.main(output, file.parent, rounds=1, rate=1e-3)
    assert output.read_bytes() == b"before"


def test_the_command_writes_a_reader(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    lessons: Lessons,
) -> None:
    monkeypatch.setattr(train_reader, "load_encoder", FakeEncoder)
    monkeypatch.setattr(train_reader, "load_fit", fit_for)
    monkeypatch.setattr(
        train_reader, "Settings", lambda **given: Settings(width=32, heads=2, **given)
    )
    output = tmp_path / "reader.onnx"
    train_reader.main(output, file.parent, rounds=2, rate=1e-3)
    assert "reader.onnx:loss" in "".join(capsys.readouterr().out.split())
    asked = lessons.asked[0]
    odds = Reader(output).read(asked.tokens.astype(np.float32), asked.weights, lessons.passages[0])
    assert -30 < odds < 30
