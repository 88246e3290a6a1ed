"""The script behind the pictures in the README: component JSON to HTML. No browser is needed."""

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import discord
import pytest

from index.content import read_content

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs/pictures/make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by its name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def reader(make: ModuleType) -> Any:
    return make.Reader(datetime(2024, 3, 9, 12, tzinfo=UTC), {"7": "#harbour", "8": "@keepers"})


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**The lamp** & <oil>", "<div><strong>The lamp</strong> &amp; &lt;oil&gt;</div>"),
        (r"\*not\* \<t:0:D\> \⟨x", "<div>*not* &lt;t:0:D&gt; ⟨x</div>"),
        ("*Apps*, `/ask`", "<div><em>Apps</em>, <code>/ask</code></div>"),
        (r"**a \*\* b**次", r"<div><strong>a ** b</strong>次</div>"),
        ("> one **two**\n> three", "<blockquote>one <strong>two</strong><br>three</blockquote>"),
        ("-# small\n-# print", "<small>small</small><small>print</small>"),
        (
            "a\n\n- b\n- c\n\nd",
            "<div>a</div><div><br></div><ul><li>b</li><li>c</li></ul><div><br></div><div>d</div>",
        ),
        (
            "2. two\n3. three\n-# small\n4. four",
            '<ol start="2"><li>two</li><li>three</li></ol>'
            '<small>small</small><ol start="4"><li>four</li></ol>',
        ),
        (
            r"**Answers to </admin restore:42>** \</ask:1>",
            '<div><strong>Answers to <span class="mention">/admin restore</span></strong> '
            "&lt;/ask:1&gt;</div>",
        ),
        ("<t:1709985600:D>", "<div><time>March 9, 2024</time></div>"),
        ("<t:1709726400:R>", "<div><time>3 days ago</time></div>"),
        ("<t:1709985612:R>", "<div><time>in 12 seconds</time></div>"),
        (
            "<#7> <@&8>",
            '<div><span class="mention">#harbour</span> '
            '<span class="mention">@keepers</span></div>',
        ),
    ],
)
def test_markdown(make: ModuleType, reader: Any, markdown: str, html: str) -> None:
    assert make.markdown_html(markdown, reader) == html


def test_components(make: ModuleType, reader: Any) -> None:
    view = discord.ui.LayoutView()
    link = discord.ui.Button[Any](label="Read <it>", url="https://example.org")
    view.add_item(
        discord.ui.Container(
            discord.ui.TextDisplay("lamp"),
            discord.ui.Separator(),
            discord.ui.Section("oil", accessory=link),
        )
    )
    view.add_item(
        discord.ui.ActionRow(
            discord.ui.Button(label="Next", custom_id="next", disabled=True),
            discord.ui.Button(label="Go", custom_id="go", style=discord.ButtonStyle.danger),
        )
    )
    assert [make.component_html(one, reader) for one in view.to_components()] == [
        '<div class="container"><div class="text"><div>lamp</div></div><hr class="small">'
        '<div class="section"><div class="texts"><div class="text"><div>oil</div></div></div>'
        f'<span class="button link">Read &lt;it&gt;{make.LINK_SIGN}</span></div></div>',
        '<div class="row"><span class="button secondary off">Next</span>'
        '<span class="button danger">Go</span></div>',
    ]


def test_menus(make: ModuleType, reader: Any) -> None:
    options = [
        discord.SelectOption(label="one & two", value="1", default=True),
        discord.SelectOption(label="three", value="3"),
    ]
    menus = [
        discord.ui.Select[Any](options=options),
        discord.ui.ChannelSelect[Any](default_values=[discord.Object(7)]),
        discord.ui.RoleSelect[Any](placeholder="Everyone"),
        discord.ui.RoleSelect[Any](),
    ]
    assert [make.component_html(one.to_component_dict(), reader) for one in menus] == [
        '<div class="select">one &amp; two</div>',
        '<div class="select"><b>#harbour</b></div>',
        '<div class="select"><i>Everyone</i></div>',
        '<div class="select"><i>Make a selection</i></div>',
    ]


def test_what_cannot_be_drawn_is_said(make: ModuleType, reader: Any) -> None:
    with pytest.raises(make.PictureError, match="Components of type 13 cannot be drawn yet"):
        make.component_html({"type": 13}, reader)
    with pytest.raises(make.PictureError, match="Times in the style F cannot be drawn yet"):
        make.markdown_html("<t:0:F>", reader)


def test_the_articles_hold_what_the_pictures_cite(make: ModuleType, reader: Any) -> None:
    scenes = make.scenes(read_content(ROOT / "content").articles)
    names = [scene.name for scene in scenes]
    assert names == ["answered", "unsure", "refused", "gaps", "settings", "draft"]
    for scene in scenes:
        page = make.page_html(scene, reader)
        assert page.startswith('<!doctype html><html lang="en">')
        assert "Today at 12:00" in page
        assert ("Only you can see this" in page) == scene.private


def test_a_sentence_that_is_gone(make: ModuleType) -> None:
    with pytest.raises(make.PictureError, match="No article in content/ holds “Weniger "):
        make.scenes([])


def test_without_chromium(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make.shutil, "which", lambda _: None)
    assert make.main() == 2
    assert capsys.readouterr().err == (
        "The pictures need Chromium, which is not installed: on Debian and Ubuntu, "
        "`apt-get install chromium fonts-noto-core`.\n"
    )
