"""Tells the lines a web page adds to an article from the article's own.

The rules are strict on purpose: a line that is left out can never be quoted. Each one needs the
form such lines have (a fixed phrase with a colon, an imperative at the start of a sentence) and not
only a word like "newsletter", so that an article *about* newsletters or advertising keeps its
paragraphs.
"""

import re
from functools import cache

from index.remarks import Remark, Said

_READ_ALSO = (
    # German
    "lesen sie (?:auch|mehr|weiter|hierzu|dazu|außerdem|jetzt|zum thema)(?: zum thema| dazu)?",
    "lies auch",
    "mehr lesen",
    "weiterlesen",
    "zum weiterlesen",
    "siehe auch",
    "das könnte (?:sie|dich) (?:auch )?interessieren",
    # English
    "(?:also read|read also|read more|read next|read further|see also)",
    "(?:you (?:may|might) also (?:like|be interested in))",
    "related (?:articles?|stories|story|reading|posts?)",
    "more on this (?:story|topic)",
    "recommended (?:reading|for you)",
    # French
    "à lire(?: aussi| également| ensuite)?",
    "(?:lire|lisez|voir|voyez) (?:aussi|également)",
    "lire (?:la suite|plus)",
    # Spanish
    "(?:lea|lee|leer|vea|ver) también",
    "(?:lea|lee|leer) más",
    "(?:también )?[lt]e puede interesar(?: también)?",
    # Italian, Portuguese, Dutch
    "leggi anche",
    "leggi (?:tutto|di più)",
    "vedi anche",
    "(?:leia|veja|ler) também",
    "(?:leia|saiba) mais",
    "(?:lees|zie|bekijk) ook",
    "lees (?:meer|verder)",
    # Polish, Czech, Romanian
    "(?:czytaj|przeczytaj|zobacz)(?: także| też| również)",
    "czytaj (?:więcej|dalej)",
    "(?:čtěte|přečtěte si) také",
    "(?:citește|citiți) și",
    # Scandinavian languages, Finnish, Turkish
    "läs (?:också|även|mer)",
    "(?:læs|les|se) også",
    "(?:læs mere|les mer)",
    "lue (?:myös|lisää)",
    "ayrıca okuyun",
    # Russian, Ukrainian, Greek
    "(?:читайте|смотрите) (?:также|ещё|еще|далее)",
    "(?:читайте|дивіться) також",
    "διαβάστε (?:επίσης|ακόμη|ακόμα|περισσότερα)",
)
_LABELS = (
    "auch interessant",
    "(?:mehr|weiteres) (?:zum thema|dazu)",
    "zum thema",
    "passend dazu",
    "lesetipps?",
    "related",
    "further reading",
    "recommended",
    "sur le même (?:sujet|thème)",
    "pour aller plus loin",
    "en savoir plus",
    "más información",
    "по теме",
)
"""They may open a sentence of the article's too: "Recommended: 400 mg every six hours."."""
_COLON = r"\s*(?:[:：|»→›▶>]|\s[–—-]\s)"
_NEWSLETTER = (
    r"(?:news-?letters?|infolettres?|nieuwsbrief|nyhetsbrev|nyhedsbrev|uutiskirje\w*|рассылк\w*"
    r"|розсилк\w*|bolet[ií]n(?: informativo)?|boletim|lettre d['’]information)"
)
_SUBSCRIBE = (
    r"(?:abonnieren sie|abonniere(?: jetzt| unser\w*)|bestellen sie|melden sie sich|melde dich"
    r"|tragen sie sich|erhalten sie|jetzt (?:kostenlos )?(?:abonnieren|anmelden|bestellen)"
    r"|hier (?:kostenlos )?(?:abonnieren|anmelden|bestellen)"
    r"|(?:please )?sign up(?: here| now| today)? (?:to|for|and)|subscribe (?:to|now|here|today|for)"
    r"|(?:get|join|receive) (?:our|the|my)"
    r"|abonnez-vous|inscrivez-vous|recevez|suscr[ií]b(?:ete|ase|anse)|ap[uú]nt(?:ate|ese)|recib[ae]"
    r"|iscriv(?:iti|etevi)|ricevi|inscreva-se|assine|subscreva|schrijf je in|meld je aan|zapisz się"
    r"|prenumerera|tilmeld dig|meld deg|tilaa|подпи(?:шитесь|сывайтесь)|підпи(?:шіться|суйтесь)"
    r"|εγγραφείτε)"
)
_ADVERTISEMENT = (
    "anzeige|werbung|advertisements?|ads?|advertising|sponsored(?: content)?|advertorial"
    "|publicité|annonce|publicidad|anuncio|pubblicità|publicidade|advertentie|reklama|reklame|reklam"
    "|annons|mainos|реклама|διαφήμιση"
    "|(?:story|article) continues (?:below|after) (?:the )?advertisement"
    "|(?:der (?:artikel|text) (?:wird|geht) )?(?:nach|unter) der (?:anzeige|werbung) "
    "(?:weiterlesen|weiter|fortgesetzt)|weiter nach der (?:anzeige|werbung)"
    "|la suite après (?:la|cette) publicité|continúa después de la publicidad"
)
_NETWORK = (
    r"(?:facebook|twitter|x|instagram|linkedin|whatsapp|telegram|youtube|tiktok|threads|mastodon|bluesky"
    r"|google news|xing|pinterest|reddit|social media|e-mail|email)"
)
_SHARE = (
    rf"(?:folge(?:n sie|t)? (?:uns|mir)(?: auch)? (?:auf|bei)|follow us on|suivez-nous sur"
    rf"|s[ií](?:guenos|gannos) en|seguici su|siga-nos n[oa]|volg ons op) .{{0,30}}\b{_NETWORK}\b.*"
    rf"|подпи(?:шитесь|сывайтесь) на (?:нас|наш).*"
    # What can go on as a sentence ("Auf Facebook teilen viele …") must stand alone.
    rf"|(?:(?:share|tweet) (?:this (?:article|story|post|page))"
    rf"|(?:share|tweet)(?= (?:on|via) {_NETWORK}\b)"
    rf"|(?:teilen sie|teile) (?:diesen|den) (?:artikel|beitrag)"
    rf"|diesen (?:artikel|beitrag) teilen|artikel teilen"
    rf"|partage[rz] (?:cet|l['’]) ?article|partager(?= sur {_NETWORK}\b)"
    rf"|compart[ea](?:n)? (?:este|el) artículo|compartir(?= en {_NETWORK}\b)"
    rf"|condividi (?:questo|l['’]) ?articolo|condividi(?= su {_NETWORK}\b)"
    rf"|compartilhe (?:este|esta) \w+"
    rf"|(?:auf|über|bei) {_NETWORK} teilen|поделиться(?= (?:в|на)\b))"
    rf"(?:[\W_]+(?:{_NETWORK}|on|via|with|and|or|auf|bei|über|und|oder|sur|et|ou|en|y|o|su|e|no|в|на|и"
    rf"|вконтакте|одноклассниках|фейсбуке)\b)*\W*"
)
_SIGN, _CLAIM, _YEAR = "©", r"(?:\(c\)|copyright\b)", "[12][0-9]{3}"
_RIGHTS = (
    "alle rechte vorbehalten|all rights reserved|tous droits réservés"
    "|todos los derechos reservados|tutti i diritti riservati|todos os direitos reservados"
    "|alle rechten voorbehouden|wszelkie prawa zastrzeżone|все права защищены|усі права захищені"
)


@cache
def _rules() -> tuple[tuple[Remark, int, re.Pattern[str]], ...]:
    """Reason, longest line it may apply to (characters), pattern. Compiled at the first use."""
    phrases, labels = "|".join(_READ_ALSO), "|".join(_LABELS)
    flags = re.IGNORECASE
    return (
        # The phrase alone, or the phrase and a colon, dash or arrow with what to read.
        (
            Remark.POINTS_ELSEWHERE,
            250,
            re.compile(
                rf"(?:{phrases})(?:{_COLON}.*|\W*)"
                rf"|(?:{labels})(?:{_COLON}(?!.*[.。]\W*$|\W*\d).*|\W*)",
                flags,
            ),
        ),
        (
            Remark.INVITES,
            350,
            re.compile(
                # The imperative opens a sentence (a quotation mark before it means it is only
                # quoted) and the same sentence names the newsletter …
                rf"(?:|.*[.!?…:;–—|]\s+){_SUBSCRIBE}\b(?![^.!?]*\b(?:nicht|kein\w*)\b)[^.!?]*?\b{_NEWSLETTER}\b.*",
                flags,
            ),
        ),
        (
            Remark.INVITES,
            160,
            re.compile(
                # … or, in a very short box, comes after it: "Newsletter: jetzt anmelden".
                rf"[^.!?:]{{0,60}}\b{_NEWSLETTER}\b\s*(?:[^\w\s,\"'“”„«»]\s*)+{_SUBSCRIBE}\b.*"
                rf"|[^.!?:,]{{0,60}}\b{_NEWSLETTER}\s+(?:jetzt|hier|gleich) (?:kostenlos )?"
                r"(?:anmelden|abonnieren|bestellen)\W*",
                flags,
            ),
        ),
        (Remark.ADVERTISES, 80, re.compile(rf"\W*(?:{_ADVERTISEMENT})\W*", flags)),
        (Remark.SHARES, 160, re.compile(_SHARE, flags)),
        (
            Remark.CLAIMS_RIGHTS,
            160,
            re.compile(
                # The sign, or the word beside it …
                rf"(?:copyright\s*)?{_SIGN}[^.!?]{{0,40}}\b{_YEAR}\b.*"
                rf"|(?:copyright\s*)?{_SIGN}[^.!?]{{0,60}}\.?"
                rf"|copyright (?:by|\(c\))[^.!?]{{0,60}}\.?"
                # … but "(c)" may be the third of a list, and the word open a sentence: there a
                # year has to come next, or after nothing but a name.
                rf"|{_CLAIM}\s+(?:by\s+)?{_YEAR}(?:\s*[-–—,]\s*{_YEAR})*"
                rf"(?:\W+(?:by\s+)?(?-i:(?![a-zà-öø-ÿα-ωа-яё])\w).*|\W*)"
                rf"|{_CLAIM}\s+(?:by\s+)?(?:(?-i:(?![a-zà-öø-ÿα-ωа-яё])\w)\S*\s+|(?:of|the|and|de|und)\s+)"
                rf"{{1,8}}{_YEAR}\W*(?:(?:{_RIGHTS})\W*)?"
                rf"|(?:{_RIGHTS})\W.*|(?:{_RIGHTS})|{_CLAIM}.*\b(?:{_RIGHTS})\W*"
                rf"|{_SIGN}.*\b(?:{_RIGHTS})\W*",
                flags,
            ),
        ),
        (Remark.ONLY_LINK, 2000, re.compile(r"<?(?:https?://|www\.)\S+", flags)),
    )


def is_boilerplate_line(line: str) -> bool:
    """Whether one line among the lines of a wrapped paragraph is surely not the paragraph's.

    Stricter than `boilerplate_reason`: a paragraph's last word may stand alone on its last line.
    """
    reason = _rule_broken(line)
    return reason in (Remark.INVITES, Remark.SHARES) or (
        reason is Remark.POINTS_ELSEWHERE and ":" in line
    )


def boilerplate_reason(line: str) -> Said | None:
    """Why a line or paragraph is not the article's, for a reader; None if it is the article's.

    `line` may hold line ends and Markdown emphasis or link marks at its start; they do not count.
    """
    reason = _rule_broken(line)
    return reason and reason()


def _rule_broken(line: str) -> Remark | None:
    if len(line) > 2000:
        return None
    plain = " ".join(line.split()).lstrip("*_~[>#•►▶→-– ")
    plain = re.sub(r"(?<=\w)[*_]{1,3}(?=\s*:)|(?<=:)[*_]{1,3}", "", plain)
    for reason, longest, pattern in _rules():
        if len(plain) <= longest and pattern.fullmatch(plain):
            return reason
    return None
