"""Where sentences end, in the languages the model reads.

A sentence is what is looked up, marked and shown, so one that is cut at "im 21." is of no use.
sentencex knows many languages' abbreviations; what it does not know is mended here. Thai, which
writes no full stops, is cut by PyThaiNLP's conditional random field.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import accumulate, pairwise
from threading import Lock

from sentencex import get_sentence_boundaries

from index.paragraphs import Span, stripped

_BLOCK, _UNSURE = 100_000, 1_000
"""Characters of a long paragraph that are looked at at a time, and those at the end of them that
are looked at again with the next. While sentencex works, no other thread of the process can do
anything: for 4 to 50 ms of a hundred thousand. A sentence that is as long, which no model takes at
once, is cut between two words: sentencex's time grows with the square."""
_BLANK = re.compile(r"\s")
_FIRST_WORD = re.compile(r" *(\S{0,40})")
_MARKUP_END = re.compile(r"(?:\*{1,3}|_{1,3})(?= )")

# What sentencex 1.0 takes for an end and is none; each pattern matches up to it.
_NO_END = re.compile(
    r"\.(?=[-‐°º])"  # J.-C.
    r"|-[^\W\d_C]\.(?= )"  # J.-P. Sartre
    r"|\b[^\W\d_]\.(?= *[^\W\d_]\.)"  # J. A. Smith; d.C.
)
_NO_END_IN = {
    # u. a. Romane; im 16. und 17. Jahrhundert; auf der 3. Achse
    "de": re.compile(
        r"\b[a-zäöü]\.(?= )"
        r"|\b\d{1,3}\.(?= +(?:Jahrhundert|Jahrtausend|Weltkrieg|Platz|Rang|Stock|Liga|Mal\b))"
        r"|\b(?i:der|die|das|dem|den|des|eine[mnrs]?|im|am|ins|vom|zum|zur|beim|bis|"
        r"\d\. (?:und|oder|bis)) \d{1,3}\."
        r"(?= +(?!(?:Der|Die|Das|Er|Sie|Es|Ein|Eine|Im|In|Am|Dann|Danach)\b))"
    ),
    "hu": re.compile(r"\b[IVX]+\.(?= )"),  # IV. Béla
    "ja": re.compile(r"[」』](?=と|って)"),
    "my": re.compile("၏"),
    "tr": re.compile(r"\b(?:[IVX]{2,}\.(?= )|[12]\.(?= Dünya))"),  # II. Dünya Savaşı
}
_ABBREVIATIONS = {
    language: re.compile(rf"(?<![^\W_])(?<!\d )(?:{words.replace(' ', '|')})\.(?= )", re.IGNORECASE)
    for language, words in {
        "ar": "د أ م",
        "de": "hbf inkl",
        "el": "αγ αι αρ δρ κ κα καθ οδ σελ",
        "en": "approx vol",
        "es": "aprox",
        "fi": "tri",
        "fr": "m mm mme mlle mgr dr prof st ste",
        "hi": "डॉ प्रो श्री पं सं रु",
        "hu": "dr kb ld pl sz szt",
        "id": "drs hlm ir jl ny tn",
        "it": "pag",
        "nl": "bijv dhr mevr",
        "pl": "al gen inż ks ok pl rys str św",
        "pt": "av p pág",
        "ro": "conf dl dna ex jud nr pag sf str",
        "ru": "им ок рис св см ст",
        "sv": "kap",
        "tr": "av bkz cad doç dr gn prof sn sok şek yrd",
        "uk": "рис",
        "vi": "bs gs pgs ths tp ts",
    }.items()
}
# Ends that it does not see: 。2006年; sold. 1979 was; and Khmer's.
_END = re.compile(
    r"[。！？](?=[0-9０-９A-Za-z])|[^\W\d_]{5}[.!?](?= +\d{4}\b)|[។៕](?=.)", re.DOTALL
)
_THAI = re.compile(r"[\u0e01-\u0e4e]")
_ONE_AT_A_TIME = Lock()


def sentence_spans(text: str, language: str) -> Iterator[Span]:
    """The sentences of ``text``, one after another and without a gap: white space between two goes
    with either.

    ``language`` is a code of two letters ("de").
    """
    # As long as any other white space; at some of several bytes sentencex panics.
    text = _BLANK.sub(" ", text)
    start = 0
    while start < len(text):
        block = text[start : start + _BLOCK]
        ends = sorted({*_ends(block, language), len(block)})
        if start + len(block) < len(text):
            # Near its end the block may lack what belongs to it, such as the end of a quotation.
            sure = [end for end in ends if end <= _BLOCK - _UNSURE]
            ends = sure or [block.rfind(" ") + 1 or len(block)]
        yield from pairwise([start, *(start + end for end in ends)])
        start += ends[-1]


def _ends(text: str, language: str) -> set[int]:
    """Where sentences end, white space behind them not counted."""
    if language == "th" and _THAI.search(text):
        return _thai_ends(text)
    found = {
        stripped(text, boundary["start_index"], boundary["end_index"])[1]
        for boundary in get_sentence_boundaries(language, text)
    }
    patterns = (_NO_END, _NO_END_IN.get(language), _ABBREVIATIONS.get(language))
    for pattern in filter(None, patterns):
        found.difference_update(match.end() for match in pattern.finditer(text))
    found.update(match.end() for match in _END.finditer(text))
    kept = [0]
    for end in sorted(found):
        if not _goes_on(text, kept[-1], end):
            kept.append(end)
    # The closing signs of *emphasis* belong to the sentence before.
    return {match.end() if (match := _MARKUP_END.match(text, end)) else end for end in kept[1:]}


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether the sentence from ``start`` that seems to end goes on with a word in lower case, as
    "19. | sırada" does.

    Names such as "iPhone" begin one all the same, and so does any word in a text without capitals.
    """
    first, following = _first_word(text, start), _first_word(text, end)
    lower = following[:1].islower() and following == following.lower()
    return lower and text[end - 1] == "." and not first[:1].islower()


def _first_word(text: str, start: int) -> str:
    match = _FIRST_WORD.match(text, start)
    return match[1] if match else ""


def _thai_ends(text: str) -> set[int]:
    # It would make a folder in the user's home for data that nothing here asks for.
    if "PYTHAINLP_READ_MODE" not in os.environ:
        os.environ.setdefault("PYTHAINLP_READ_ONLY", "1")
    from pythainlp.tokenize.crfcut import segment

    with _ONE_AT_A_TIME:  # it keeps what it works on in a global
        sentences = segment(text)
    ends = zip(accumulate(map(len, sentences)), sentences, strict=True)
    # A full stop is an abbreviation's in Thai: "พ.ศ. 2325" is a year.
    return {end for end, sentence in ends if not sentence.rstrip().endswith(".")}
