"""Where sentences end, in the languages the model reads.

A sentence is what is looked up, marked and shown, so one that is cut at "im 21." is of no use.
sentencex knows many languages' abbreviations; what it does not know is mended here. Thai, which
writes no full stops, is cut by PyThaiNLP's conditional random field.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, groupby, pairwise
from threading import Lock

from sentencex import get_sentence_boundaries

from index.paragraphs import Span, stripped

_BLOCK, _THAI_BLOCK, _UNSURE = 100_000, 5_000, 1_000
"""Characters of a long paragraph that are looked at at a time, and those at the end of them that
are looked at again with the next. A sentence that is as long is cut between two words. While
sentencex works, no other thread of the process can do anything: for 4 to 50 ms of a hundred
thousand as people write them. PyThaiNLP's time grows with the square of a number's digits."""
_BLANK = re.compile(r"\s")
_FIRST_WORD = re.compile(r" *(\S{0,40})")
_TAIL = re.compile(r"(?:\*{1,3}|_{1,3})(?= )| *\[[^\[\].!?。！？]{1,40}\??\] *\Z")
"""What belongs to the sentence before: the closing signs of *emphasis*, a note in brackets that
nothing follows."""

# What sentencex 1.0 takes for an end and is none; each pattern matches up to it.
_LETTER = "[A-Za-zÀ-ÖØ-öø-ÿΑ-ΩΆ-Ώα-ωА-Яа-яЁё]"
# What a letter may stand behind that is no name: План Б. Если …
_LABELLED = (
    r"План|Групп\w+|Категори\w+|Буква|Точка|Вход|Выход|Приложение|Раздел|Витамин|Гепатит|Лиг\w+|"
    r"Блок|Корпус|Дом|Это|Вариант|Сектор|Тип|Класс|Серия|Група|Групи|Групі|Категорія|Додаток|Розділ|"
    r"Вітамін|Лізі|Варіант|Клас|Хепатит|Зала|Част|Стъпка|Опция|Βιταμίνη|Σχέδιο|Ομάδα|Τμήμα|Κτίριο|"
    r"Παράρτημα|Κατηγορία|Ηπατίτιδα|Κεφάλαιο|Ενότητα|Αίθουσα|Λίγκα|Τάξη"
)
_NO_SURNAMES = (
    "Он|Она|Они|Оно|Мы|Вы|Ты|Я|Это|Его|Её|Их|В|Во|На|По|При|После|Из|К|С|Со|У|За|До|Для|О|Об|А|И|Но|"
    "Не|Как|Если|Когда|Затем|Той|Тя|Те|То|След|Този|Тази|От|Він|Вона|Вони|Ми|Це|Після|З|Із|Якщо|"
    "Ο|Η|Οι|Το|Τα|Τον|Την|Τη|Του|Της|Στο|Στη|Στην|Στον|Στις|Στα|Με|Για|Από|Κατά|Μετά|Και|Δεν|Θα|Αν|"
    "Όταν|Είναι|Ήταν"
)
_NO_END = re.compile(
    r"\.(?=[-‐°º])"  # J.-C.
    r"|(?<=\.)-[A-BD-ZÉ]\.(?= )"  # J.-P. Sartre
    rf"|(?<![^\W\u3040-\u9fff]){_LETTER}\.(?= *{_LETTER}\.)"  # J. A. Smith; d.C.; 和Y. p.
    # Павел Э. Орлов; Γ. Ε. Λάμπρου
    rf"|\b(?!(?:{_LABELLED}) )(?:[А-ЯЁІЇЄҐ]\w+ [А-ЮЁІЄ]|[Α-ΩΆ-Ώ]\w+ [Α-Ω])\."
    rf"(?= +[А-ЯЁІЇЄҐΑ-ΩΆ-Ώ])(?! +(?:{_NO_SURNAMES}) )"
    r"|\b(?<=[А-ЯЁІЇЄҐΑ-Ω]\. )[А-ЯЁІЇЄҐΑ-Ω]\.(?= +[А-ЯЁІЇЄҐΑ-ΩΆ-Ώ])"
)
_GERMAN_STARTS = (
    "Ab|Aber|Alle|Als|Am|An|Auch|Auf|Aus|Bei|Bis|Bitte|Da|Dabei|Damit|Dann|Danach|Das|Dem|Den|Der|Des|"
    "Die|Dies|Diese|Dieser|Dieses|Dort|Du|Ein|Eine|Einen|Einer|Er|Es|Für|Hier|Ich|Ihr|Im|In|Jetzt|Man|"
    "Mit|Nach|Ob|Seit|Sie|So|Später|Über|Um|Und|Unter|Viele|Vom|Von|Vor|Wann|Warum|Was|Weil|Wenn|Wer|"
    "Wie|Wir|Wo|Zu|Zum|Zur"
)
# Names of letters, as initials are written (إي. إم.), but for those that are words too; and what
# they are no initials behind: other names of letters (بي بي سي), vitamin, language, group.
_ARABIC_INITIALS = "آر|آي|إتش|إس|إف|إل|إم|إي|تي|جي|جيه|دبليو|سي|كيه|كيو|يو"
_ARABIC_LETTERS = f"{_ARABIC_INITIALS}|أو|إكس|إن|إيه|بي|دي|زد|في|كي|واي"
_ARABIC_STARTS = (
    "و(?:هو|هي|هذا|هذه|قد|قال|قالت|كان|كانت|لم|لا|في|من|على|ال\\w+)|ثم|كما|كان|كانت|لم|لا|ما|قد|هو|هي|"
    "في|من|على|بس|أنا"
)
_NOT_BEHIND = "".join(
    rf"(?<!\b(?:{'|'.join(words)}) )"  # a look-behind has one length
    for _, words in groupby(
        sorted(
            (
                prefix + word
                for prefix in ("", "و", "ب", "ل", "ال", "لل", "وال", "بال")
                for word in [
                    *_ARABIC_LETTERS.split("|"),
                    *("فيتامين", "لغة", "كبد", "وبائي", "مجموعة", "فئة", "فيروس", "نقطة", "درجة"),
                    *("تايب", "فايف", "فور", "موديل"),
                ]
            ),
            key=len,
        ),
        key=len,
    )
)
_NO_END_IN = {
    "ar": re.compile(
        rf"{_NOT_BEHIND}(?<![^\s])[وبل]?(?:{_ARABIC_INITIALS})\.(?= )(?! *(?:{_ARABIC_STARTS})\b)"
    ),
    # u. a. Romane; im 16. und 17. Jahrhundert; auf der 3. Achse
    "de": re.compile(
        r"\b[a-zäöü]\.(?= )"
        r"|\b\d{1,3}\.(?= +(?:Jahrhundert|Jahrtausend|Weltkrieg|Platz|Rang|Stock|Liga|Mal\b))"
        r"|\b(?i:der|die|das|dem|den|des|eine[mnrs]?|im|am|ins|vom|zum|zur|beim|bis|"
        rf"\d\. (?:und|oder|bis)) \d{{1,3}}\.(?= )(?! *(?:{_GERMAN_STARTS})\b)"
    ),
    "hu": re.compile(r"\b[IVX]+\.(?= (?!Az? ))"),  # IV. Béla
    "ja": re.compile(r"[」』](?=と(?!ても|ころ|にかく|もかく|ある|きに)|って)"),
    "my": re.compile("၏"),
    "tr": re.compile(r"\b(?:[IVX]{2,}\.(?= )|[12]\.(?= Dünya))"),  # II. Dünya Savaşı
}
_ABBREVIATIONS = {
    language: re.compile(
        rf"(?<![^\W_])(?<![.@\u0900-\u0963])(?<!\d )(?:{words.replace(' ', '|')})\.(?= )"
    )
    for language, words in {
        "ar": "د",
        "de": "Inkl",
        "el": "Αγ Αρ Δρ Καθ Οδ Σελ αι αρ δρ καθ κ κα σελ",
        "en": "Approx Vol",
        "es": "Aprox",
        "fi": "Tri",
        "fr": "Dr M MM Mgr Mlle Mme Prof St Ste févr janv juill",
        "hi": "डॉ प्रो श्री पं",
        "hu": "Dr Kb Ld Pl Szt dr kb",
        "id": "Drs Hlm Ir Jl Ny Tn",
        "it": "Pag",
        "nl": "Bijv Dhr Mevr bijv",
        "pl": "Al Gen Inż Ks Pl Rys Str Św al",
        "pt": "Av P Pág p pág",
        "ro": "Conf Dl Dna Nr Pag Sf Str conf dl dna jud str",
        "ru": "Ок Рис Св См Ст",
        "sv": "Kap",
        "tr": "Av Bkz Cad Doç Dr Gn Prof Sn Sok Şek Yrd",
        "uk": "Рис",
        "vi": "BS GS PGS TP TS ThS Ths Tp",
    }.items()
}
# Ends that it does not see, but for those in quotations and brackets: 。2006年; sold. 1979 was; and
# Khmer's.
_END = re.compile(
    r"[。？](?=[0-9０-９])"
    r"|\b(?!(?i:febbr|févr|jahrg|juill|transl|zeitschr|approx)\.)[^\W\d_]{5,}[.!?](?= +\d{4}\b)"
    r"|(?<!។ល)[។៕](?=[^ល])"
)
_QUOTED = re.compile(
    "|".join(
        rf"{opening}[^{closing}]{{0,1000}}[{closing}]"
        for opening, closing in [
            *("“”", "«»", "»«", "「」", "『』", "（）", "《》", '""'),
            ("„", "“”"),
            (r"\(", ")"),
        ]
    )
)
_SHORT = re.compile(r"(?:\b[^\W\d_]{1,4}|\d)\.\Z")
_FIRM = re.compile(r"\b(?:Bros|Co|Corp|Inc|Jr|Ltd|Sr)\.\Z")
_NO_WORD = re.compile(r"\w\)|\w+://|[ა-ჿ]")
_THAI = re.compile(r"[\u0e01-\u0e4e]")
# And, which, by, so, or; brackets; figures. (But "โดยปกติ", as a rule, begins one, and so does
# "เพื่อน", a friend.)
_THAI_GOES_ON = re.compile(
    r" *(?:[(\[0-9a-z]|และ(?!แล้ว)|ซึ่ง|โดย(?!ปกติ|ทั่วไป|เฉ|พื้น|หลัก|รวม|สาร|มาก|สรุป|ส่วน)|จึง|หรือ(?!ว่า)|"
    r"รวมทั้ง|รวมถึง|ยกเว้น|ตลอดจน|เพื่อ(?!น)|เพราะ(?!ฉะนั้น|เหตุนี้|งั้น|อย่าง|แบบ)|อีกทั้ง|ทั้งยัง|เช่นเดียวกับ)"
)
_THAI_END = ("!", "?", "ค่ะ", "ครับ", "คะ", "จ้ะ", "จ้า")
"""Signs and polite words that end a sentence whatever follows."""
_THAI_LEAST = 20
"""Characters of the shortest Thai sentence that ends without one of these."""
_ONE_AT_A_TIME = Lock()


def sentence_spans(text: str, language: str) -> Iterator[Span]:
    """The sentences of ``text``, one after another and without a gap: white space between two
    belongs to one of them.

    ``language`` is a code of two letters ("de").
    """
    # As long as any other white space; at some of several bytes sentencex panics.
    text = _BLANK.sub(" ", text)
    start, size = 0, _THAI_BLOCK if language == "th" else _BLOCK
    while start < len(text):
        block = text[start : start + size]
        ends = sorted({*_ends(block, language), len(block)})
        if start + len(block) < len(text):
            # Near its end the block may lack what belongs to it, such as the end of a quotation.
            sure = [end for end in ends if end <= size - _UNSURE]
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
    quoted = [quotation.span() for quotation in _QUOTED.finditer(text)]
    for end in (match.end() for match in _END.finditer(text)):
        place = bisect_right(quoted, (end, 0)) - 1
        if place < 0 or end >= quoted[place][1]:
            found.add(end)
    kept = [0]
    for end in sorted(found):
        if not _goes_on(text, kept[-1], end):
            kept.append(end)
    return {match.end() if (match := _TAIL.match(text, end)) else end for end in kept[1:]}


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether the sentence from ``start`` that seems to end goes on with a word in lower case, as
    "19. | sırada" and "et al. | have" do: behind a number or a few letters.

    Names such as "iPhone" begin one all the same, and so does any word in a text without capitals.
    So does a dash behind a full stop, in chats and lists, but not in "Inc. – a firm" and
    "“Who?” – she asked".
    """
    first, following = _first_word(text, start), _first_word(text, end)
    if following in ("–", "—"):
        said = _first_word(text, text.index(following, end) + 1)
        stop = text[end - 1] == "." and _FIRM.search(text[max(end - 6, start) : end]) is None
        return said[:1].islower() and not stop
    lower = following[:1].islower() and following == following.lower()
    return (
        lower
        and not first[:1].islower()
        and _NO_WORD.match(following) is None
        and _SHORT.search(text[max(end - 6, start) : end]) is not None
    )


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
    ends = [0]
    for end in accumulate(map(len, sentences)):
        sentence = text[ends[-1] : end].rstrip()
        long = end - ends[-1] >= _THAI_LEAST and not _THAI_GOES_ON.match(text, end)
        # A full stop is an abbreviation's in Thai: "พ.ศ. 2325" is a year.
        if sentence.endswith(_THAI_END) or (long and not sentence.endswith(".")):
            ends.append(end)
    return set(ends[1:])
