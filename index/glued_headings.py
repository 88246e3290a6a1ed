"""Finds headings that lost the line end before their paragraph: "…form of helpThis logic…".

Names are written like that too (YouTube, McDonald), so a split needs evidence from the rest of the
article.
"""

import re
from collections import Counter
from functools import cache, cached_property
from itertools import islice

_LETTERS = re.compile(r"[^\W\d_]+")
_FIRST_WORD = re.compile(r"['\"‘“„«(\[]*([^\W\d_]+)")
_NEXT_FIRST_WORD = re.compile(
    # It begins with one set of characters, so that megabytes without them are passed over quickly.
    rf"[.!?…\r\n](?:(?<=[\r\n])\s*|(?<=[.!?…])['\"’”»)\]]*\s+){_FIRST_WORD.pattern}"
)
_SENTENCE_INSIDE = re.compile(r"[.!?…。！？][\"'”“»)\]]*\s")
_LONGEST = 120
_SHORTEST_PARAGRAPH = 40

# Words that often open a sentence and hardly ever end a camel-case name in that language.
_OPENERS = {
    "de": (
        "der die das den dem des ein eine einen einem einer dies diese dieser dieses diesen "
        "diesem jede jeder jedes es er sie wir ich doch aber und auch als wenn weil während "
        "nach nachdem bei mit von vor für im am zum zur seit trotz obwohl dennoch jedoch "
        "allerdings zudem außerdem dabei damit dafür dazu darüber deshalb daher denn noch nur "
        "schon wie was wer viele alle beide heute gestern inzwischen laut unter über gegen "
        "ohne durch bis seine ihre unsere kein keine auf so wo warum mehr"
    ),
    "en": (
        "the this that these those it he she they we but and as at by if on its his their our "
        "here there when while after before since for from with without although though "
        "however many most some several because during despite under until what why where "
        "which then today yesterday earlier meanwhile according an a in yet such"
    ),
    "fr": (
        "le la les un une des du ce cette ces cet il elle ils elles on nous vous mais et en "
        "dans pour par avec sans sur sous depuis pendant après avant selon si quand lorsque "
        "comme au aux cela son sa ses leur leurs notre tout tous toute l d c j qu s à"
    ),
    "es": (
        "el la los las un una unos unas este esta estos estas ese esa eso esto lo su sus pero "
        "y en de del al con sin por para desde hasta según cuando aunque como si no hay tras "
        "durante entre sobre"
    ),
    "it": (
        "il lo la i gli le un una uno l un questo questa questi queste ma nel nella con per "
        "dal dalla secondo dopo prima se non è anche quando mentre"
    ),
    "pt": (
        "o a os as um uma este esta estes estas esse essa mas em no na nos nas com sem por "
        "para desde segundo depois quando embora"
    ),
    "nl": (
        "de het een dit deze die dat maar en in op met voor na sinds volgens toen als ook hoewel"
    ),
    "pl": ("ten ta to te ci w na po od do za ale jednak według kiedy gdy dlatego"),
    "ru": (
        "это этот эта эти в на по но и с о он она они мы как когда после до для от при однако "
        "также если что все за из к у так"
    ),
    "uk": (
        "це цей ця ці у в на по але і з він вона вони ми як коли після для від при однак також якщо"
    ),
    "el": (
        "ο η το οι τα τον την του της των ένας μια ένα αυτό αυτή αυτός αλλά και σε στο στη "
        "στην στον με για από όταν μετά πριν"
    ),
    "sv": ("den det de en ett men och i på med för efter enligt när"),
    "da": ("den det de en et men og i på med for efter ifølge når"),
    "no": ("den det de en et men og i på med for etter ifølge når"),
}
_APOSTROPHES = "'’"


@cache
def _openers(language: str | None) -> frozenset[str]:
    """The openers of one language; of an unknown language none, for None those of all languages."""
    if language is None:
        return frozenset(" ".join(_OPENERS.values()).split())
    return frozenset(_OPENERS.get(language, "").split())


class GluedHeadings:
    """Looks for glued headings in the paragraphs of one article, given all its text.

    That may be megabytes: it is gone through word by word, as no other thread has its turn while a
    list of all words is made.

    `language` is an ISO 639-1 code, or None if it is not known.
    """

    def __init__(self, text: str, language: str | None) -> None:
        self._text = text
        self._language = language

    def find(self, paragraph: str) -> int | None:
        """Where in `paragraph` the heading ends and the paragraph proper begins, or None."""
        for offset in range(4, min(len(paragraph) - _SHORTEST_PARAGRAPH, _LONGEST) + 1):
            before, first = paragraph[offset - 1], paragraph[offset]
            if first.isupper() and (before.islower() or before in "?!"):
                if _SENTENCE_INSIDE.search(paragraph, 0, offset):
                    return None
                if self._splits(paragraph, offset):
                    return offset
        return None

    def _splits(self, paragraph: str, offset: int) -> bool:
        heading, rest = paragraph[:offset], paragraph[offset:]
        words = _LETTERS.findall(heading)
        opening = _LETTERS.match(rest)
        if len(words) < 2 or opening is None or len([*islice(_LETTERS.finditer(rest), 5)]) < 5:
            return False
        right, following = opening.group(), rest[opening.end()]
        if not (following.isspace() or following in _APOSTROPHES or following in ",-–"):
            return False
        if not (right[1:].islower() or len(right) == 1):
            return False
        opener = right.casefold() in _openers(self._language)
        opens_elsewhere = right in self._first_words
        if not heading[-1].islower():  # "What now?The answer": no name is written so
            return opener or opens_elsewhere
        left = words[-1]
        sign = heading[-len(left) - 1 : -len(left)]
        compound = (left + right).casefold()
        if not heading.endswith(left) or sign in tuple("@#/._") or len(left) < 2:
            return False
        if self._words[compound] != 1 or not (left[1:].islower() or left.islower()):
            return False  # a name comes again; KaDeWe and the like have more than one hump
        if self._language in ("de", None) and right.casefold() in ("in", "innen"):
            return False  # LehrerIn, BürgerInnen
        known = self._words[left.casefold()] > 0
        if opener and (len(right) > 2 or known or following in _APOSTROPHES):
            return True
        if self._language != "de" and not left[0].islower():
            return False  # ExxonMobil; in German any noun may end a heading
        return known and opens_elsewhere and len(words) > 3

    @cached_property
    def _words(self) -> Counter[str]:
        return Counter(word[0].casefold() for word in _LETTERS.finditer(self._text))

    @cached_property
    def _first_words(self) -> frozenset[str]:
        """Words that open a sentence or a line somewhere in the article, as written."""
        first = _FIRST_WORD.match(self._text)
        found = frozenset(word[1] for word in _NEXT_FIRST_WORD.finditer(self._text))
        return found if first is None else found | {first[1]}
