"""Where sentences end, in many languages."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sentencex import get_sentence_boundaries

from index import sentences as module
from index.sentences import sentence_spans


def sentences(text: str, language: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentence_spans(text, language)]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                "Mr. Quill et al. have shown it.",
                "John F. Feld was born at 5 p.m. on Monday.",
                "The U.S. Army came with J. A. Smith.",
                "It is No. 5 in the list, e.g. here.",
                "The St. Lamp team won.",
                "“It is lit. It burns,” she said.",
            ],
        ),
        (
            "de",
            [
                "Er kam am 6. Juli auf den 6. Platz.",
                "Im 19. Jahrhundert gegründet, z. B. von Dr. Meier, d. h. so.",
                "Um ca. 300 v. Chr. in Rom, um 300 n. Chr. in Trier.",
                "Kaiser Wilhelm II. war da.",
                "Der 1. FC Lampe gewann im 2. Weltkrieg nicht.",
                "Der Preis stieg auf 19.",
                "Danach fiel er wieder.",
                "1979 wollte der Kreis die Bahn schließen.",
            ],
        ),
        (
            "fr",
            [
                "M. Dupont est né en 300 av. J.-C. à Rome.",
                "Cf. p. 5 du livre.",
                "Mme. Leroy est là.",
                "M. Leroy et MM. Bo la virent, haute de 12 m.",
                "Puis elle tomba.",
            ],
        ),
        (
            "es",
            [
                "El Sr. Pérez nació en 300 a. C. en Roma.",
                "P. ej. el n.º 6 es este.",
                "Ganó EE. UU. el partido.",
                "La bacteria Y. pestis es mortal.",
            ],
        ),
        (
            "it",
            [
                "Il sig. Rossi arrivò 6°.",
                "Ad es. il dott. Bianchi nel sec. XIX.",
                "Fondata nel 300 a.C. da Roma.",
            ],
        ),
        ("pt", ["O Sr. Silva ficou em 6.º lugar.", "Na p. 5, por ex. o Dr. Costa."]),
        ("nl", ["Dhr. Jansen kwam op de 6e plaats.", "Bijv. dr. De Vries, o.a. nr. 5, was er."]),
        ("sv", ["Laget kom på 6:e plats.", "T.ex. kom dr. Hansson, bl.a. på grund av nr. 5."]),
        ("da", ["Det blev grundlagt i det 19. århundrede.", "F.eks. kom dr. Hansen den 5. maj."]),
        ("nb", ["Det ble grunnlagt på det 19. århundre.", "F.eks. kom dr. Hansen den 5. mai."]),
        ("fi", ["Hän sijoittui 6. sijalle.", "Esim. tämä oli n. 30 prosenttia."]),
        ("et", ["Ta sai 6. koha.", "See asutati 19. sajandil.", "Dr. Tamm tuli."]),
        ("lv", ["Viņš ieguva 6. vietu.", "Dibināts 19. gadsimtā."]),
        ("hu", ["A csapat a 6. helyen végzett.", "Kb. 30 fő jött el, pl. Nagy úr."]),
        ("pl", ["Zajął 6. miejsce.", "Powstał w XIX w. i trwał do 1920 r. w Krakowie."]),
        ("cs", ["Vznikl v 19. století.", "Např. dr. Novák, tzv. malý, přišel r. 1920."]),
        ("sk", ["Vznikol v 19. storočí.", "Napr. dr. Novák prišiel."]),
        ("hr", ["Momčad je bila na 6. mjestu.", "Osnovana u 19. stoljeću."]),
        (
            "ro",
            [
                "Fondată în sec. al XIX-lea.",
                "De ex. dl. Popescu și dna. Ionescu au venit.",
                "Nr. 5 din str. Mare este aici.",
            ],
        ),
        (
            "tr",
            [
                "Takım ligde 6. sırada yer aldı.",
                "19. yüzyılda kuruldu.",
                "Prof. Dr. Ali konuştu.",
                "Saat 10.30’da başladı.",
            ],
        ),
        ("el", ["Ο κ. Νίκου ήρθε.", "Το 300 π.Χ. ιδρύθηκε.", "Ποιος κέρδισε;", "Κανείς."]),
        ("ru", ["В 1920 г. в Москве было спокойно.", "А. С. Белов ушёл."]),
        ("uk", ["У 1920 р. в Києві було спокійно.", "Т. Г. Білий прийшов."]),
        ("bg", ["През 1920 г. в София беше тихо.", "Проф. Иванов дойде."]),
        ("ar", ["من فاز؟", "قاد د. شورت الفريق.", "انتهت المباراة!", "ثم عادوا."]),
        ("hi", ["डॉ. नंदिता राव आईं।", "लीग में छठे स्थान पर रहे।", "वे कब जीते?", "पिछले साल वे जीते।"]),
        ("ko", ["팀은 6위를 했다.", "누가 이겼나?", "1920년에 설립되었다."]),
        ("vi", ["TP. Hồ Chí Minh lớn.", "GS. TS. Nguyễn Văn A đến."]),
        ("id", ["Dr. Budi lahir di Jl. Merdeka No. 5.", "Tim itu peringkat ke-6."]),
        ("my", ["ပန်သာတို့၏ခံစစ်သည် ၃၀၈ မှတ်သာ ပေးခဲ့သည်။", "လိဂ်တွင် ဆဋ္ဌမနေရာ ရခဲ့သည်။"]),
        ("km", ["ក្រុមការពារបានចាញ់។", "ជាប់ចំណាត់ថ្នាក់ទីប្រាំមួយ។"]),
        (
            "th",
            [
                "เมืองนี้ก่อตั้งขึ้นในปี พ.ศ. 2325 โดยพระบาทสมเด็จพระพุทธยอดฟ้าจุฬาโลกมหาราช",
                "ปัจจุบันเป็นศูนย์กลางทางเศรษฐกิจของประเทศ",
                "ราคา 3.50 บาท!",
                "จริงหรือ?",
                "ใช่",
            ],
        ),
    ],
)
def test_sentences_end_where_a_reader_would_say(language: str, expected: list[str]) -> None:
    assert sentences(" ".join(expected), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ["他说了。", "“我走了。2006年回来。”"]),
        ("ja", ["「はい。」", "とても嬉しい。"]),
        ("km", ["ឆ្កែ ឆ្មា។ល។និងគោ។", "ទៅ។"]),
        ("zh", ["灯塔排名第六。", "谁赢了？", "1920年成立。", "后来它被拆了。"]),
        ("zh", ["这是鼠疫杆菌Y. p. orientalis。", "它们叫灯。[来源请求]"]),
        (
            "ja",
            [
                "チームは6位だった。",
                "誰が勝ったか？",
                "1920年に設立された。",
                "彼は「はい。」と言った。",
            ],
        ),
    ],
)
def test_sentences_without_blanks_between_them(language: str, expected: list[str]) -> None:
    assert sentences("".join(expected), language) == expected


@pytest.mark.parametrize("language", ["xx", "", "en-gb", "la"])
def test_a_language_without_rules(language: str) -> None:
    expected = ["Lampas vidit Dr. Feld.", "Abiit."]
    assert sentences(" ".join(expected), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["The U.S. President came.", "The U.K. Court sat.", "It is U.S. Steel."]),
        ("en", ["It was built in 1920.[1]", "It burned.[2]", "It was rebuilt."]),
        ("en", ["**Warning.**", "Do not open the pump.", "*Stop it first.*", "Then wait."]),
        ("en", ["In the '90s it rained.", "It rained much.", "We don't know."]),
        ("tr", ["takım geldi 19.", "sonra gitti."]),
        ("en", ["Hello there.", "i am away.", "bye."]),
        ("en", ["Read them.", "https://example.org/a has them."]),
        ("en", ["Open the lid.", "a) Take it.", "b) Put it down."]),
        (
            "en",
            ["“The house burned. 1979 was bad,” she said.", "(It fell slowly. 1980 was worse.)"],
        ),
        (
            "de",
            ["Am 5. Mai und am 12. Juni, zum Ende des 3. Jahres.", "Er las die Zeitschr. 1999."],
        ),
        ("de", ["Abgabe ist am 12.", "Bitte melden Sie sich bis zum 10.", "Wir warten."]),
        ("pt", ["Ela viu-o.", "Depois saiu.", "Disse-lhe."]),
        ("ro", ["Am văzut-o.", "Apoi a plecat."]),
        ("fr", ["Allons-y.", "La porte est là, il est prof.", "Elle rit en févr. 2006 déjà."]),
        ("pl", ["Jest na onet.pl.", "Tam jest ok.", "Wszystko gra."]),
        ("ru", ["Врач помог им.", "Они ушли и варят рис.", "Потом."]),
        ("tr", ["Fişi prize sok.", "Sonra bekle."]),
        ("ko", ["네.", "네.", "알겠습니다."]),
        ("ka", ["1920 წელს აშენდა.", "შემდეგ დაიწვა."]),
        ("hi", ["वह है गुरुश्री.", "वह आया।"]),
        ("pl", ["Jest na lampa.al.", "Tam czeka."]),
        ("hu", ["Ez a II.", "A harmadik jön, IV. Béla."]),
        ("en", ["He left.", "iLamp sales rose.", "They fell."]),
        ("nl", ["Hij kwam 's avonds.", "Zij bleef.", "Het was 's nachts koud."]),
        ("de", ["Die Messe dauert vom 5. bis zum 12. März und öffnet um 9:30 Uhr.", "Gut."]),
        ("de", ["Er sah u. a. Romane, v. a. alte.", "Sie ging weg.", "In der Zone gilt Tempo 20."]),
        ("de", ["Es wurden nun 42.", "Richterin Ehrling sah im 42. Band nach."]),
        ("de", ["So half die Lampe.", "Diese war am Ende des 17. und 18. Jahrhunderts neu."]),
        ("vi", ["Đây là Ngân hàng Phát triển Châu Á.", "Nhờ đó dự án xong."]),
        ("fr", ["J.-P. Sartre vint en 300 av. J.-C. à Rome.", "Il lut."]),
        ("tr", ["II. Dünya Savaşı bitti.", "1. Dünya Savaşı uzun sürdü.", "Ev 19."]),
        (
            "ru",
            ["Фонарь зажёг Павел Э. Орлов.", "Он жил в США.", "Там в СССР.", "Потом Э. И. Белов."],
        ),
        (
            "ru",
            ["Она играет.", "— Кто там? — спросил он.", "«Я!» — ответили ему."],
        ),
        ("el", ["Ήρθε ο Νίκος Ε. Λάμπρου με τον Ε. Ι. Δήμου.", "Ζει στις ΗΠΑ.", "Μετά έφυγε."]),
        ("ar", ["التقى جون سي. هاردي وإي. إم. فوستر.", "هذا ما قالته بي بي سي.", "ثم عادوا."]),
        ("ru", ["Acme Lamp, Inc. — старый завод.", "Он стоит у моря."]),
        ("en", ["They are called lamps. [citation needed]"]),
        (
            "en",
            [
                "They are called lamps.",
                "[Applause] Thank you.",
                "[The list](https://x.org) says it.",
            ],
        ),
        ("tr", ["Bu böyle sonuçlanır.", "X.25 eskidir."]),
        ("ar", ["زار سامر إتش. نور المدينة.", "ثم عاد.", "وصل دبليو. نور أيضًا."]),
        ("ar", ["وثق الرجل بي.", "لم أخذله قط.", "فيتامين سي.", "يوجد في البرتقال."]),
        ("ar", ["تعلمت لغة سي.", "كانت صعبة.", "سامسونج وإل جي.", "كانت رخيصة."]),
        ("ar", ["بيعت شركة إتش تي.", "ارتفع السهم.", "كان رجلاً عربي.", "ثم ذهب عند آل جي. نور."]),
        ("ar", ["القضاء على فيروس سي.", "وأعلنت الوزارة النتائج.", "غني بفيتامين سي.", "تناوله."]),
        ("ar", ["جاء الدي جي.", "كان حلوا.", "قلت: إي.", "ثم سكت.", "جاء جورج دبليو. بوش."]),
        ("ru", ["Задержан Алексей Х.", "Он признал вину.", "Они в Группе Б.", "В июне матч."]),
        ("bg", ["Обвиняемият е Георги Д.", "Той призна.", "Дойде и Иван В. Петров."]),
        ("el", ["Ήρθε ο Γεώργιος Β.", "Ο λαός χάρηκε.", "Μετά ο Νίκος Δ. Παππάς."]),
        ("en", ["I will bring Tom.", "– ok, see you."]),
        ("th", ["โดยส่วนตัวชอบต้มยำที่สุดค่ะ", "และที่สำคัญคือสะอาดมากค่ะ"]),
        ("th", ["ขอบคุณมากค่ะ", "ไม่เป็นไรครับ"]),
        ("ar", ["شركة دبليو دبليو إي.", "كانت كبيرة.", "كان هذا سببًا رئيسي.", "ثم ذهب."]),
        (
            "ru",
            [
                "Вот План Б.",
                "Если не придёт никто, он закроет.",
                "Его звали Пётр Я.",
                "Жил он давно.",
            ],
        ),
        ("ru", ["Он видел Иран США.", "Там тепло.", "Вот точка А и дом Б.", "«Да», сказал он."]),
        ("bg", ["Стиховете са на П. К. Яворов.", "Те са добри.", "Група А.", "Мачовете са днес."]),
        ("el", ["Η Βιταμίνη Α.", "Είναι καλή.", "– Θα έρθεις; – ρώτησε η Άννα.", "Ναι."]),
        ("pl", ["– Śpisz? – łagodnie zapytała Anna.", "– Nie."]),
        ("bg", ["„Направихме всичко!“ – каза той.", "После замълча."]),
        ("en", ["ok i'm done.", "– great, see you.", "– bye!"]),
        ("ru", ["В чате было пусто.", "— кто сегодня дежурит?", "Никто."]),
        ("de", ["Er ging nach Hause.", "[Sie blieb noch lange da.]"]),
        ("en", ["They are called lamps. [who?]"]),
        ("en", ["It was lit.", f"[{'note ' * 9}here]"]),
        ("th", ["ชาวเมืองทุกคนชอบประภาคารหลังนี้เป็นอย่างมาก", "เพื่อนๆ ของผมก็เช่นกัน"]),
        ("th", ["ฝนตกหนักตลอดทั้งคืนจนน้ำท่วมถนนสายหลัก", "เพราะฉะนั้นทุกคนจึงต้องอยู่บ้านจนถึงวันรุ่งขึ้น"]),
        ("th", ["ผู้คนจำนวนมากเดินทางมาที่ท่าเรือทุกวัน", "โดยสารเรือข้ามฟากไปยังเกาะที่อยู่ใกล้เคียง"]),
        (
            "th",
            [
                "ช่างซ่อมตะเกียงได้มากที่สุดในเมืองที่ 24 ครั้ง และมีผู้ช่วยที่ได้รับเลือกถึงสี่คน",
                "ปัจจุบันเขาอาศัยอยู่ที่ท่าเรือ",
            ],
        ),
        ("th", ["ประภาคารหลังนี้สร้างโดยช่างที่มีชื่อเสียงของเมือง ซึ่งทำงานได้ดีมากในปีนั้น"]),
        ("th", ["ชาวเมืองชอบตะเกียงมาก", "โดยปกติพวกเขาจุดไฟทุกคืนตลอดทั้งปี"]),
        ("th", ["เธอไปแล้ว เขาอยู่ พวกเขารออยู่ที่ท่าเรือทั้งวัน"]),
    ],
)
def test_ends_that_are_easily_lost_or_made_up(language: str, expected: list[str]) -> None:
    text = " ".join(expected)
    assert sentences(text, language) == expected


def test_a_sentence_after_a_full_stop_without_a_blank() -> None:
    assert sentences("Eine Form von Hilfe.Diese Logik gilt.", "de") == [
        "Eine Form von Hilfe.",
        "Diese Logik gilt.",
    ]


def test_a_line_break_is_white_space() -> None:
    text = "The lamp\nis lit.\r\nIt\u2028burns O\n2. \x85Then\u00a0it is out."
    assert sentences(text, "en") == [
        "The lamp\nis lit.",
        "It\u2028burns O\n2.",
        "Then\u00a0it is out.",
    ]


SIGNS = st.sampled_from(
    [*"?!.。？।;:\"'”»“„()[] \n\r\x00\x85\xa0\u2028\u3000\u200b", "Dr. ", "19. "]
)


@given(
    st.lists(st.one_of(SIGNS, st.text(st.characters(codec="utf-8"), max_size=6))).map("".join),
    st.sampled_from(["en", "de", "zh", "th", "ar", "ro", "xx"]),
    st.sampled_from([(100_000, 1_000), (20, 5)]),
)
@example("", "th", (20, 5))
@example(" \n ", "en", (20, 5))
@example("\u2028.\u2028", "th", (20, 5))
def test_nothing_is_lost_between_sentences(
    text: str, language: str, block: tuple[int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block[0])
        patch.setattr(module, "_THAI_BLOCK", block[0])
        patch.setattr(module, "_UNSURE", block[1])
        spans = list(sentence_spans(text, language))
    cuts = [0, *(end for _, end in spans)]
    assert spans == list(pairwise(cuts))
    assert cuts == sorted(set(cuts))
    assert cuts[-1] == len(text)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many characters sentencex gets each time."""
    sizes = []

    def counted(language: str, text: str) -> list[dict[str, object]]:
        sizes.append(len(text))
        return get_sentence_boundaries(language, text)

    monkeypatch.setattr("index.sentences.get_sentence_boundaries", counted)
    return sizes


def test_a_very_long_paragraph_is_read_in_blocks(asked: list[int]) -> None:
    """No end of a block is seen, in whatever part of a quotation it falls."""
    expected = [f"Sie\u00a0sagte ({n}): „Er kam. Er ging. Er schwieg.“" for n in range(10_000)]
    assert sentences(" ".join(expected), "de") == expected
    assert len(asked) > 4
    assert max(asked) == 100_000


def test_a_sentence_longer_than_a_block_is_cut_between_words(asked: list[int]) -> None:
    text = "Er " + "kam und " * 30_000 + "ging. Sie blieb."
    found = sentences(text, "de")
    assert asked == [100_000, 100_000, 40_020]
    assert [len(part) for part in found] == [99_998, 99_999, 40_009, 10]
    assert " ".join(found) == text


def test_thai_is_read_in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long run of digits takes PyThaiNLP a time that grows with the square."""
    sizes = []

    def counted(text: str) -> set[int]:
        sizes.append(len(text))
        return {len(text)}

    monkeypatch.setattr(module, "_thai_ends", counted)
    assert "".join(sentences("ก" + "1" * 11_999, "th")) == "ก" + "1" * 11_999
    assert sizes == [5_000]


def test_many_dashes_take_no_longer_than_their_number() -> None:
    """Of the text before each only its last characters are read."""
    sizes = []

    class Text(str):
        __slots__ = ()

        def __getitem__(self, key: Any) -> str:
            part = super().__getitem__(key)
            sizes.append(len(part))
            return part

    text = Text("Bob. – a " * 100)
    assert [end for end in range(4, len(text), 9) if module._goes_on(text, 0, end)] == []
    assert max(sizes) <= 6


def test_a_word_longer_than_a_block() -> None:
    text = "x" * 250_000 + ". Then. It ended."
    found = sentences(text, "en")
    assert [len(part) for part in found] == [100_000, 100_000, 50_001, 5, 9]


def test_thai_leaves_no_folder_behind(tmp_path: Path) -> None:
    """PyThaiNLP makes one in the user's home, in a process that has not read Thai yet."""
    code = "from index.sentences import sentence_spans; list(sentence_spans('ใช่ จริงหรือ', 'th'))"
    named = {name: text for name, text in os.environ.items() if "PYTHAINLP" not in name}
    subprocess.run([sys.executable, "-c", code], check=True, env={**named, "HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
