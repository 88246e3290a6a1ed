"""Settings: their sources, what is said when they are wrong, and that the token stays secret."""

import logging
import os
from pathlib import Path

import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import ValidationError

from bot.settings import Settings, SettingsError, load_settings
from bot.start import use_endpoints
from index.nearest import Search
from index.token_vectors import TOKEN_LIMIT

ROOT = Path(__file__).parent.parent
NAMES = (
    "DISCORD_TOKEN",
    "DISCORD_TOKEN_FILE",
    "DISCORD_API_URL",
    "DISCORD_GATEWAY_URL",
    "BELEG_CONTENT",
    "BELEG_DATA",
    "BELEG_MODEL",
    "BELEG_CACHE",
    "BELEG_TOKEN_VECTORS_GB",
    "BELEG_SEARCH",
    "BELEG_EDITING",
    "BELEG_PORT",
    "BELEG_LOG",
    "BELEG_LOG_LEVEL",
)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder without a ``.env``, and an environment without our variables."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_defaults() -> None:
    settings = load_settings()
    assert settings.token is None
    assert settings.api_url is None
    assert settings.gateway_url is None
    assert settings.content == Path("content")
    assert settings.data == Path(".data")
    assert settings.model is None
    assert settings.cache is None
    assert settings.token_limit == TOKEN_LIMIT
    assert settings.token_file is None
    assert (settings.port, settings.log, settings.log_level) == (None, "plain", "info")


def test_every_setting_is_documented() -> None:
    aliases = {field.validation_alias for field in Settings.model_fields.values()}
    assert aliases == set(NAMES)
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"{name}=" not in example] == []
    assert [name for name in NAMES if f"\n| `{name}` | " not in readme] == []


def test_the_environment_goes_before_the_file_and_arguments_before_both(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / ".env").write_text(
        "DISCORD_TOKEN=file.token\nBELEG_CONTENT=file\nBELEG_DATA=file\nBELEG_MODEL=file\nOTHER=1\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("BELEG_DATA", "environment")
    monkeypatch.setenv("BELEG_MODEL", "environment")
    settings = load_settings(data=Path("argument"))
    assert settings.required_token() == "file.token"
    assert settings.content == Path("file")
    assert settings.model == "environment"
    assert settings.data == Path("argument")


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
    settings = load_settings()
    assert (settings.api_url, settings.gateway_url, settings.model) == (None, None, None)
    assert (settings.content, settings.data) == (Path("content"), Path(".data"))


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_token_is_one_sentence_that_says_how_to_get_it(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("DISCORD_TOKEN", value)
    settings = load_settings()
    with pytest.raises(SettingsError) as caught:
        settings.required_token()
    assert str(caught.value) == (
        "DISCORD_TOKEN is not set: get a token in the Discord developer portal "
        "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
        "and put the line DISCORD_TOKEN=… into a file .env here or into the environment."
    )


def test_a_token_is_stripped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", " abc.def \n")
    assert load_settings().required_token() == "abc.def"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "DISCORD_TOKEN",
            "Bot hidden",
            "DISCORD_TOKEN is not usable: a token is one word without spaces; "
            "correct it in the environment or in .env.",
        ),
        (
            "DISCORD_API_URL",
            "hidden",
            "DISCORD_API_URL is not usable: should be a valid URL, relative URL without a base; "
            "correct it in the environment or in .env.",
        ),
        (
            "DISCORD_GATEWAY_URL",
            "https://hidden.example",
            "DISCORD_GATEWAY_URL is not usable: URL scheme should be 'ws' or 'wss'; "
            "correct it in the environment or in .env.",
        ),
        (
            "DISCORD_API_URL",
            "http://proxy:hidden@127.0.0.1/api",
            "DISCORD_API_URL is not usable: should hold no name and no password; "
            "correct it in the environment or in .env.",
        ),
        (
            "DISCORD_GATEWAY_URL",
            "wss://hidden@127.0.0.1/",
            "DISCORD_GATEWAY_URL is not usable: should hold no name and no password; "
            "correct it in the environment or in .env.",
        ),
        (
            "BELEG_TOKEN_VECTORS_GB",
            "-1e99",
            "BELEG_TOKEN_VECTORS_GB is not usable: should be greater than or equal to 0; "
            "correct it in the environment or in .env.",
        ),
        (
            "BELEG_TOKEN_VECTORS_GB",
            "inf",
            "BELEG_TOKEN_VECTORS_GB is not usable: should be a finite number; "
            "correct it in the environment or in .env.",
        ),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == sentence
    with pytest.raises(ValidationError) as raw:
        Settings()
    assert "hidden" not in str(raw.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("BELEG_CONTNET", "BELEG_CONTENT"),
        ("beleg_loglevel", "BELEG_LOG_LEVEL"),
        ("BELEG_TOKEN_VECTORS", "BELEG_TOKEN_VECTORS_GB"),
        ("BELEGDATA", "BELEG_DATA"),
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_a_misspelt_setting_is_not_passed_over(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, meant: str, in_file: bool
) -> None:
    if in_file:
        (empty_folder / ".env").write_text(f"{name}=5\n")
    else:
        monkeypatch.setenv(name, "5")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == (
        f"{name} is not a setting of Beleg, but {meant} is: correct the name in the environment "
        "or in .env."
    )


@pytest.mark.parametrize(
    "name", ["BELEG_SERVICE_HOST", "BELEG_PORT_9100_TCP_PORT", "DISCORD_BOT_TOKEN", "beleg_port"]
)
def test_a_name_that_may_be_anothers_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "9100")
    load_settings()


def test_the_port_of_a_kubernetes_service_is_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELEG_PORT", "tcp://10.0.0.1:80")
    assert load_settings().port is None


def test_a_token_is_not_waited_for_in_a_pipe(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(empty_folder / "secret")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "secret")
    with pytest.raises(SettingsError) as caught:
        load_settings().required_token()
    assert str(caught.value) == (
        "DISCORD_TOKEN_FILE names secret, which is a pipe: name a file that holds the token."
    )


def test_the_token_may_stand_in_a_file(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "secret").write_text(" in.the.file\r\n")
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "secret")
    assert load_settings().required_token() == "in.the.file"
    # What is set itself goes before the file.
    (empty_folder / ".env").write_text("DISCORD_TOKEN=in.env\n")
    assert load_settings().required_token() == "in.env"
    (empty_folder / ".env").write_text("DISCORD_TOKEN=\n")
    assert load_settings().required_token() == "in.the.file"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not hold a token: write the token into it and nothing else."),
        (b"\n \n", "does not hold a token: write the token into it and nothing else."),
        (b"hidden.token\nmore", "does not hold a token: write the token into it and nothing else."),
        (b"hidden\xff", "does not hold a token: write the token into it and nothing else."),
        (
            None,
            "cannot be read: Is a directory; check the path and its permissions.",
        ),
    ],
)
def test_a_file_without_a_token(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, why: str
) -> None:
    if content is None:
        (empty_folder / "secret").mkdir()
    else:
        (empty_folder / "secret").write_bytes(content)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "secret")
    with pytest.raises(SettingsError) as caught:
        load_settings().required_token()

    assert str(caught.value) == f"DISCORD_TOKEN_FILE names secret, which {why}"


def test_which_files_with_a_token_others_can_read(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exposed() -> list[str]:
        return [sentence.split()[-1] for sentence in load_settings().exposed()]

    env, secret = empty_folder / ".env", empty_folder / "secret"
    env.write_text("BELEG_MODEL=some/model\nDISCORD_TOKEN=\n")
    env.chmod(0o644)
    assert exposed() == []
    env.write_text("DISCORD_TOKEN=a.b\n")
    assert exposed() == [".env."]
    # Also where another token is in use: it is one all the same.
    monkeypatch.setenv("DISCORD_TOKEN", "c.d")
    assert exposed() == [".env."]
    env.chmod(0o600)
    assert exposed() == []
    env.unlink()
    monkeypatch.delenv("DISCORD_TOKEN")
    secret.write_text("a.b")
    secret.chmod(0o640)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "secret")
    assert exposed() == ["secret."]
    secret.chmod(0o400)
    assert exposed() == []


@pytest.mark.parametrize(
    ("text", "line"),
    [("A=1\n\n\n  hidden words\nB=2\n", 4), ("hidden words", 1), ("A='hidden\n", 1)],
)
def test_a_line_that_is_not_understood_is_named(
    empty_folder: Path, capfd: pytest.CaptureFixture[str], text: str, line: int
) -> None:
    (empty_folder / ".env").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == (
        f"The file .env, line {line}, is not understood: write NAME=value there, or # before a "
        "remark."
    )
    assert capfd.readouterr() == ("", "")


def test_a_file_that_is_not_text_is_named(empty_folder: Path) -> None:
    (empty_folder / ".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe\n")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == "The file .env is not UTF-8 text: save it as UTF-8."


def test_the_token_does_not_show(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "very.secret")
    settings = load_settings()
    logging.getLogger("bot").warning("%s %r %s", settings, settings, settings.model_dump())
    assert "very.secret" not in caplog.text


def test_endpoints_are_used_as_they_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", "unchanged")
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL("ws://unchanged/"))
    use_endpoints(load_settings())
    assert Route("GET", "/users/@me").url == "unchanged/users/@me"
    assert yarl.URL("ws://unchanged/") == DiscordWebSocket.DEFAULT_GATEWAY
    monkeypatch.setenv("DISCORD_API_URL", "http://127.0.0.1:8080/api/v10/")
    monkeypatch.setenv("DISCORD_GATEWAY_URL", "ws://127.0.0.1:8081")
    use_endpoints(load_settings())
    assert Route("GET", "/users/@me").url == "http://127.0.0.1:8080/api/v10/users/@me"
    assert yarl.URL("ws://127.0.0.1:8081/") == DiscordWebSocket.DEFAULT_GATEWAY


@pytest.mark.parametrize("value", [None, "auto", "exact", "clustered"])
def test_how_candidates_are_searched(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv("BELEG_SEARCH", value)
    assert Search(load_settings().search) is Search(value or "auto")
    assert [one.value for one in Search] == ["auto", "exact", "clustered"]


def test_a_search_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELEG_SEARCH", "guess")
    with pytest.raises(SettingsError, match="BELEG_SEARCH is not usable"):
        load_settings()
