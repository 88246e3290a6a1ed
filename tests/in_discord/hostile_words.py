"""What people, or other programs, can type into Discord to break an answer, or to ping somebody."""

from __future__ import annotations

from hypothesis import strategies as st
from markdown_reader import NASTY

ARTICLE = """\
Lamps, @everyone and ||others||

The lamp was lit in 1887 by @everyone and @here. It burned <@123456789012345678> litres of oil. \
Then gas came, says <@&42>, in <#42>.

In March ```the oil ran out`` and the ||keeper|| left. [Read more](http://example.org/a_b) or see \
https://example.org/*_*. Nobody **came**.

> The buoy was laid in 1850 <t:0:R>. - 1. ~~Nobody~~ _knows_ `who` \\*laid\\* it :smile: </ask:42>.

# The bell\u202e rang\u2066 by\u200b itself\u00ad, says the log. Its rope was \u05d7\u05d1\u05dc \
and the rope's end \u062d\u0628\u0644. The h\u0360\u0321\u0322a\u0315\u031bze came.

灯塔建于一八八七年。灯油用到三月。<:name:42> 之后是煤气。

ประภาคารสร้างขึ้นในปี 1887 ||||| และใช้น้ำมัน ``` จนถึงเดือนมีนาคม
"""
"""An article whose every passage tries to be more than text."""

WORDS = [
    *("when", "was", "the lamp lit?", "who laid the buoy?", "oil", "bell", "rope", "March", "1887"),
    *("until when did it burn oil?", "灯塔建于", "ประภาคาร", "حبل", "חבל", "Wann? ", "¿Cuándo? "),
    *("and why? ", "Was it so? Did the keeper leave in March? Where is the rope of the bell? "),
]
_OPENED = ["```\n", "```py\n", "`", "||", "**", "__", "~~", "[a](", "<", "<@", "> ", ">>> ", "# "]
"""Begun and never ended: what follows must not become part of it."""
_HIDDEN = ["\u200b" * 40, "\u2800", "\u3164", "\u202e\u202d\u2066\u2069", "\u0000", "\u001b[31m"]
_MARKS = [
    "e" + "\u0301" * 60,
    "\u0489" * 30,
    "﷽" * 30,
    "𒐫" * 20,
    "👩\u200d👩\u200d👧" * 10,
    "\ufe0f",
]
_CALLS = [
    *("@everyone ", "@here ", "<@123456789012345678> ", "<@!123456789012345678> ", "<@&42> "),
    *("\\@everyone ", "\\<@42> ", "<@\u200b42>", "@\u200beveryone", "<@" + "9" * 25 + ">"),
    *("</ask:42> ", "</admin reindex:42> ", "<t:9999999999999999:R>", "<a:a:1>", "discord.gg/x"),
    *("https://example.org/||x||", "[**@everyone**](https://example.org '```')", "<id:guide>"),
]  # fmt: skip

_pieces = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    st.sampled_from(NASTY),
    st.sampled_from([*_OPENED, *_HIDDEN, *_MARKS, *_CALLS]),
    st.text(max_size=12),
)
_mixed = st.lists(_pieces, min_size=1, max_size=14).map("".join)


@st.composite
def _long(draw: st.DrawFn) -> str:
    """Up to 6,000 characters, which is what Discord lets into an option."""
    piece = draw(_mixed.filter(bool))
    length = draw(st.sampled_from([499, 500, 501, 1999, 2000, 4000, 6000]))
    return (piece * (length // len(piece) + 1))[:length]


_blank = st.lists(st.sampled_from(" \t\n\u00a0\u2003\u3000\u200b\u2800\r"), max_size=50).map(
    "".join
)

words = st.one_of(_mixed, _mixed, _mixed, _mixed, _mixed, _mixed, _long(), _blank)
"""Of any length up to 6,000 characters."""

CASES = [
    "",
    " ",
    " \n\t\u00a0\u3000" * 20,
    "\u200b",
    "\u2800\u3164\u200b",
    "?",
    "@everyone",
    "@here when was the lamp lit?",
    "<@123456789012345678> <@&42> <#42> when was the lamp lit?",
    "``` when was the lamp lit?",
    "```\n@everyone\n```",
    "|| when was the lamp lit?",
    "||@everyone||",
    "** when was the lamp lit? __ ~~ `",
    "> when was the lamp lit?\n>>> and who lit it?",
    "# when was the lamp lit?\n-# @here\n1. x\n- y",
    "[when was the lamp lit?](https://example.org)",
    "https://example.org/||x||?y=@everyone",
    "</ask:42> <t:0:R> <:name:42> <a:name:42> <id:guide>",
    "\\@everyone \\<@42> \\\\<@42> \\",
    "\u202ewhen was the lamp lit?",
    "when\u2066 was\u2069 the\u200d lamp\u200b lit?",
    "when was the lamp lit?\x00\x1b[31m\x07",
    "\ud800 when was the lamp lit? \udc00",
    "متى أضيء المصباح؟ @everyone",
    "灯塔建于一八八七年吗?||",
    "ประภาคารสร้างขึ้นเมื่อไร",
    "e" + "\u0301" * 490,
    "a" * 500,
    "a" * 501,
    "*" * 500,
    "😀" * 500,
    "\u202e" * 500,
    "⟨U+202E⟩ " * 50,
    "`" * 6000,
    "@everyone " * 600,
    "Was it so, @everyone? Did the keeper leave in March, ||here||? Where is the ``` rope?",
]
"""What is always tried."""
