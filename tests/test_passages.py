"""Passages and sentences: offsets, limits, and nothing lost."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.content import Article
from index.paragraphs import Paragraph
from index.passages import CountTokens, Passage, split_article


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def article(*paragraphs: str, language: str = "de", heading: str | None = None) -> Article:
    text, spans = "", []
    for paragraph in paragraphs:
        spans.append(Paragraph(len(text), len(text) + len(paragraph), heading))
        text += paragraph + "\n\n"
    return Article("a", "a.txt", text, "T", None, None, None, None, language, tuple(spans), ())


def sentences(passage: Passage) -> list[str]:
    return [passage.text[start:end] for start, end in passage.sentences]


def test_passages_of_short_paragraphs() -> None:
    one = article("Der Hafen ist leer. Warum?", "Niemand weiß es.", heading="Der Hafen")
    assert split_article(one, count_tokens=words, max_tokens=10) == [
        Passage("a", 1, 1, 0, 26, "Der Hafen ist leer. Warum?", "Der Hafen", ((0, 19), (20, 26))),
        Passage("a", 2, 1, 28, 44, "Niemand weiß es.", "Der Hafen", ((0, 16),)),
    ]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", ["Am 3. Mai kam z. B. Dr. Au.", "Er ging."]),
        ("en", ["😀 Hi 𝔘.", "Then\nmore 👩‍👩‍👧 came!", "Yes?"]),
        ("ja", ["港は空です。", "なぜでしょう。"]),
        ("xx", ["One here.", "Two here."]),
        ("en", ["1. First thing.", "2. Next thing."]),
        ("en", ["It began when? 1931!", "Now we rest."]),
        ("en", ["…"]),
    ],
)
@pytest.mark.parametrize("between", [" ", "  ", "\r\n", "\n\n", "\u00a0"])
def test_sentences(language: str, expected: list[str], between: str) -> None:
    one = article(between.join(expected), language=language)
    passages = split_article(one, count_tokens=words, max_tokens=50)
    assert [sentences(passage) for passage in passages] == [expected]


@pytest.mark.parametrize(
    "rows",
    [
        ["Buy:", "- bread", "- milk"],
        ["- one thing\n  goes on", "- two", "2. three"],
        ["| a | bb |\n|---|---|", "| ccc | d |"],
    ],
)
def test_items_and_rows_are_sentences(rows: list[str]) -> None:
    passages = split_article(article("\n".join(rows)), count_tokens=words, max_tokens=50)
    assert [sentences(passage) for passage in passages] == [rows]


def test_blanks_of_several_bytes_before_a_full_stop() -> None:
    text = "Sie sah «A\u2028. Dann B\u00a0. Und A\u0085."
    passages = split_article(article(text), count_tokens=words, max_tokens=50)
    assert "".join("".join(sentences(passages[0])).split()) == "".join(text.split())


def test_wrapped_lines_are_not_rows() -> None:
    text = "Es war am\n12. Mai und\n- so heißt es - nass."
    passages = split_article(article(text), count_tokens=words, max_tokens=50)
    assert sentences(passages[0]) == [text]


def test_long_paragraph_is_split_in_even_parts() -> None:
    names = ["eins", "zwei", "drei", "vier", "fünf"]
    text = " ".join(f"Satz Nummer {name} ist hier." for name in names)
    passages = split_article(article("Kurz.", text), count_tokens=words, max_tokens=20)
    assert [(passage.paragraph, passage.part) for passage in passages] == [(1, 1), (2, 1), (2, 2)]
    assert [len(passage.sentences) for passage in passages] == [1, 3, 2]
    assert passages[2].text == "Satz Nummer vier ist hier. Satz Nummer fünf ist hier."


def test_long_sentence_is_split_at_clauses() -> None:
    text = "Er kam am Abend, sie ging am Morgen, und niemand sah die beiden."
    passages = split_article(article(text), count_tokens=words, max_tokens=9)
    assert [passage.text for passage in passages] == [
        "Er kam am Abend, sie ging am Morgen,",
        "und niemand sah die beiden.",
    ]


def test_long_sentence_without_clauses_is_split_at_words() -> None:
    text = " ".join(["wort"] * 10)
    passages = split_article(article(text), count_tokens=words, max_tokens=4)
    assert [len(passage.text.split()) for passage in passages] == [4, 4, 2]


def test_long_word_is_split_but_not_its_letters() -> None:
    text = "e\u0301" * 10
    passages = split_article(article(text), count_tokens=characters, max_tokens=5)
    assert all(len(passage.text) <= 5 for passage in passages)
    assert all(passage.text.startswith("e") for passage in passages)
    assert "".join(passage.text for passage in passages) == text


def test_long_row_of_emoji_is_split_between_them() -> None:
    family = "👩‍👩‍👧"
    passages = split_article(article(family * 7), count_tokens=characters, max_tokens=12)
    assert {passage.text for passage in passages} <= {family, family * 2}
    assert "".join(passage.text for passage in passages) == family * 7


def test_one_letter_with_many_accents() -> None:
    text = "e" + "\u0301" * 20
    passages = split_article(article(text), count_tokens=characters, max_tokens=5)
    assert all(len(passage.text) <= 5 for passage in passages)
    assert "".join(passage.text for passage in passages) == text


def test_counts_are_asked_for_in_batches() -> None:
    calls = []

    def count(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return words(texts)

    text = "Ein Satz steht hier. " * 300
    split_article(article(*[text.strip()] * 20), count_tokens=count, max_tokens=100)
    assert len(calls) < 2 + 2 * 20 + 1


def test_tokens_that_do_not_add_up() -> None:
    def count(texts: Sequence[str]) -> list[int]:
        return [len(text.split()) ** 2 for text in texts]

    text = " ".join(["Ein Satz."] * 40)
    passages = split_article(article(text), count_tokens=count, max_tokens=50)
    assert all(count([passage.text])[0] <= 50 for passage in passages)
    assert " ".join(passage.text for passage in passages) == text


def test_no_paragraphs_and_no_tokens() -> None:
    assert split_article(article(), count_tokens=words, max_tokens=1) == []
    with pytest.raises(ValueError, match="max_tokens"):
        split_article(article("x"), count_tokens=words, max_tokens=0)


PIECES = st.lists(
    st.one_of(
        st.sampled_from(["Ein Satz. ", "z. B. ", "1. ", "wort, ", "langeswort" * 5, "。", "(x) "]),
        st.sampled_from(
            ["😀", "👩‍👩‍👧", "\u0301", "\n- ", "\n\n", "\r\n", "| ", "a\u00a0. ", "«A\u2028."]
        ),
        st.text(max_size=8),
    )
).map("".join)


@given(
    st.lists(PIECES.map(str.strip).filter(bool), max_size=4),
    st.sampled_from([words, characters]),
    st.integers(1, 40),
    st.sampled_from(["de", "en", "fr", "ru", "ja", "xx"]),
)
def test_any_article(paragraphs: list[str], count: CountTokens, limit: int, language: str) -> None:
    one = article(*paragraphs, language=language)
    passages = split_article(one, count_tokens=count, max_tokens=limit)
    places = [(passage.paragraph, passage.part) for passage in passages]
    assert places == sorted(set(places))
    for number, paragraph in enumerate(one.paragraphs, 1):
        parts = [passage for passage in passages if passage.paragraph == number]
        assert [part.part for part in parts] == list(range(1, len(parts) + 1))
        assert "".join("".join(part.text.split()) for part in parts) == "".join(
            one.text[paragraph.start : paragraph.end].split()
        )
    for passage in passages:
        assert one.text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip()
        before = 0
        for start, end in passage.sentences:
            assert before <= start < end <= len(passage.text)
            assert passage.text[before:start].strip() == ""
            before = end
        assert before == len(passage.text)
        assert all(size <= limit for size in count([passage.text, *sentences(passage)]))
