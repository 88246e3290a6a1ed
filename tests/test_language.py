"""Which language a text is in."""

import pytest

from index.language import SAMPLE, detect_language, language_likelihood, language_likelihoods

SENTENCES = {
    "ar": "احترقت المصابيح بالزيت حتى الشتاء.",
    "de": "Die Lampen brannten bis zum Winter mit Öl.",
    "el": "Οι λάμπες έκαιγαν λάδι μέχρι τον χειμώνα.",
    "en": "The lamps burned oil until the winter.",
    "es": "Las lámparas ardían con aceite hasta el invierno.",
    "fr": "Les lampes brûlaient de l'huile jusqu'à l'hiver.",
    "ja": "ランプは冬まで油で燃えていた。",
    "ko": "램프는 겨울까지 기름으로 타올랐다.",
    "ru": "Лампы горели маслом до зимы.",
    "sv": "Lamperna brann med olja till vintern.",
    "zh": "灯一直用油点到冬天。",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_language_of_a_sentence(language: str) -> None:
    text = SENTENCES[language]
    assert detect_language(text) == language
    assert language_likelihood(text, language) == 1
    others = [language_likelihood(text, other) for other in SENTENCES if other != language]
    assert max(others) < 0.01


@pytest.mark.parametrize("text", ["", " \n", "1887", "12.5 % + 3 = ?!", "→ 😀"])
def test_text_without_letters_counts_as_english(text: str) -> None:
    assert detect_language(text) == "en"


def test_text_without_letters_tells_no_languages_apart() -> None:
    shares = {language_likelihood("1887 ?!", language) for language in SENTENCES}
    assert shares == {language_likelihood("", "en")}
    assert 0 < shares.pop() < 1


def test_a_word_that_many_languages_share_fits_all_of_them() -> None:
    shares = [language_likelihood("Patriot", language) for language in ("en", "de", "fr", "es")]
    assert min(shares) > 0.3
    assert max(shares) < 1.0


def test_likelihood_of_a_language_that_is_not_known() -> None:
    assert language_likelihood(SENTENCES["en"], "xx") == 0
    assert language_likelihood("", "xx") == 0


@pytest.mark.parametrize("text", ["x", "NATO", "Ἐν ἀρχῇ ἦν ὁ λόγος", "Ël vant a sfrunta j'euj"])
def test_the_code_has_two_letters(text: str) -> None:
    """py3langid knows languages that only have a code of three."""
    code = detect_language(text)
    assert (len(code), code.isalpha()) == (2, True)


def test_only_the_beginning_of_a_long_text_counts() -> None:
    late = " " * SAMPLE + SENTENCES["de"]
    assert detect_language(late) == "en"
    assert language_likelihood(late, "de") == language_likelihood("", "de")


def test_likelihoods_of_some_languages_are_those_among_all() -> None:
    found = language_likelihoods(SENTENCES["sv"], {"de", "fr", "xx"})
    assert found == {name: language_likelihood(SENTENCES["sv"], name) for name in ("de", "fr")}
