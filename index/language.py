"""Which language a text is in, by py3langid (97 languages, a model of 5 MB, no network)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SAMPLE = 20_000
"""Characters of a text that are looked at."""


def detect_language(text: str) -> str:
    """The ISO 639-1 code of the most likely language; "en" for a text without letters."""
    sample = text[:SAMPLE]
    if not any(character.isalpha() for character in sample):
        return "en"
    return next(str(label) for label, _ in _identifier().rank(sample) if len(label) == 2)


def language_likelihoods(text: str, languages: Collection[str]) -> dict[str, float]:
    """How well ``text`` fits each of the ``languages`` (ISO 639-1) compared with the language, of
    all that are known, that it fits best.

    1 for the best itself, near 0 for one it is not in. A few words that many languages share fit
    all of them, so everything is near 1. A language that is not known is left out.
    """
    ranked = _identifier().rank(text[:SAMPLE])
    best = ranked[0][1]
    return {label: share / best for label, share in ranked if label in languages}


def language_likelihood(text: str, language: str) -> float:
    """That of one language; 0 if it is not known."""
    return language_likelihoods(text, (language,)).get(language, 0.0)


def likeliest(text: str, languages: Sequence[str]) -> str:
    """The one of ``languages`` (ISO 639-1) that ``text`` fits best; the first if none fits
    better."""
    shares = dict(_identifier().rank(text[:SAMPLE]))
    return max(languages, key=lambda language: shares.get(language, 0.0))


def load_languages() -> None:
    """Read the model, which takes a second, so that the first question need not wait for it."""
    _identifier()


@cache
def _identifier() -> LanguageIdentifier:
    # Here, not above: reading its model takes most of a second.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
