"""What whoever runs Beleg can set: in the environment or in a file ``.env`` where it is started."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    AnyWebsocketUrl,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

Address = TypeVar("Address", bound=AnyHttpUrl | AnyWebsocketUrl | None)

ENV_FILE = ".env"
MOST_TOKEN_BYTES = 4096
"""A file with more than that holds no token; Discord's have about 70 characters."""


class SettingsError(Exception):
    """A setting is missing or wrong; ``str()`` is one sentence that names it and the remedy."""


def _one_word(token: SecretStr) -> SecretStr:
    value = token.get_secret_value().strip()
    if not _is_token(value):
        raise ValueError("a token is one word without spaces")
    return SecretStr(value)


def _is_token(value: str) -> bool:
    return all("!" <= character <= "~" for character in value)


def _not_of_kubernetes(port: object) -> object:
    """None for the address that Kubernetes puts into BELEG_PORT for a service "beleg"."""
    return None if isinstance(port, str) and port.startswith("tcp://") else port


def _open_address(url: Address) -> Address:
    # A request has room for one authorization, and that is the token's.
    if url is not None and (url.username or url.password):
        raise ValueError("should hold no name and no password")
    return url


def _servers(value: str) -> str:
    if not re.fullmatch(r"own|none|\d+(,\d+)*", value):
        raise ValueError("should be own, none, or ids of servers with commas")
    return value


class Settings(BaseSettings):
    """All settings; an empty value counts as not set. Each field's alias is its variable's name."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    token: Annotated[SecretStr | None, AfterValidator(lambda token: token and _one_word(token))] = (
        Field(default=None, validation_alias="DISCORD_TOKEN")
    )
    token_file: Path | None = Field(default=None, validation_alias="DISCORD_TOKEN_FILE")
    """A file that holds nothing but the token, for where secrets are files."""
    api_url: Annotated[AnyHttpUrl | None, AfterValidator(_open_address)] = Field(
        default=None, validation_alias="DISCORD_API_URL"
    )
    """Where the client sends its requests instead of Discord's own address: a REST proxy."""
    gateway_url: Annotated[AnyWebsocketUrl | None, AfterValidator(_open_address)] = Field(
        default=None, validation_alias="DISCORD_GATEWAY_URL"
    )
    """Where the client connects instead of Discord's own gateway."""
    content: Path = Field(default=Path("content"), validation_alias="BELEG_CONTENT")
    data: Path = Field(default=Path(".data"), validation_alias="BELEG_DATA")
    model: str | None = Field(default=None, validation_alias="BELEG_MODEL")
    editing: Annotated[str, AfterValidator(_servers)] = Field(
        default="own", validation_alias="BELEG_EDITING"
    )
    """From which servers the library may be changed: the operator's own, none, or those with
    these ids."""
    cache: Path | None = Field(default=None, validation_alias="BELEG_CACHE")
    token_vectors_gb: float = Field(
        default=4, ge=0, allow_inf_nan=False, validation_alias="BELEG_TOKEN_VECTORS_GB"
    )
    """Gigabytes of token vectors that the index stores at most; above, questions compute them."""

    search: Literal["auto", "exact", "clustered"] = Field(
        default="auto", validation_alias="BELEG_SEARCH"
    )
    """How candidates are searched, as `index.nearest.Search`."""
    port: Annotated[
        Annotated[int, Field(ge=1, le=65535)] | None, BeforeValidator(_not_of_kubernetes)
    ] = Field(default=None, validation_alias="BELEG_PORT")
    """Where ``/healthz``, ``/readyz`` and ``/metrics`` are served on this machine, if
    anywhere."""
    log: Literal["plain", "json"] = Field(default="plain", validation_alias="BELEG_LOG")
    """How the lines of the log look, as `bot.logs.LogStyle`."""
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="BELEG_LOG_LEVEL"
    )
    """The least important lines that are logged."""

    @property
    def token_limit(self) -> int:
        """``token_vectors_gb`` in bytes."""
        return round(self.token_vectors_gb * 1e9)

    def required_token(self) -> str:
        """The bot's token, from ``token_file`` if it is not set itself; raises SettingsError if
        there is none, or the file cannot be used."""
        token = "" if self.token is None else self.token.get_secret_value()
        if not token and self.token_file is not None:
            token = _token_in(self.token_file)
        if not token:
            raise SettingsError(
                "DISCORD_TOKEN is not set: get a token in the Discord developer portal "
                "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
                f"and put the line DISCORD_TOKEN=… into a file {ENV_FILE} here or into the "
                "environment."
            )
        return token

    def exposed(self) -> Iterator[str]:
        """A sentence for each file with a token in it that others on this machine can read."""
        if os.name == "nt":  # the bits say nothing there
            return
        files = [Path(ENV_FILE)] if _sets_token(Path(ENV_FILE)) else []
        if self.token_file is not None and not (self.token and self.token.get_secret_value()):
            files.append(self.token_file)
        for path in files:
            if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
                yield (
                    f"Other users of this machine can read the token in {path}: "
                    f"run chmod 600 {path}."
                )


def _token_in(path: Path) -> str:
    if path.is_fifo():  # to open it would wait for whoever may write into it
        raise SettingsError(
            f"DISCORD_TOKEN_FILE names {path}, which is a pipe: name a file that holds the token."
        )
    try:
        with path.open("rb") as file:
            token = file.read(MOST_TOKEN_BYTES).decode("ascii").strip()
    except OSError as error:
        raise SettingsError(
            f"DISCORD_TOKEN_FILE names {path}, which cannot be read: {error.strerror}; "
            "check the path and its permissions."
        ) from error
    except UnicodeDecodeError:
        token = ""
    if not token or not _is_token(token):
        raise SettingsError(
            f"DISCORD_TOKEN_FILE names {path}, which does not hold a token: "
            "write the token into it and nothing else."
        )
    return token


def _sets_token(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return any(one.key == "DISCORD_TOKEN" and one.value for one in parse_stream(file))
    except FileNotFoundError:
        return False


def _names_in(path: Path) -> list[str]:
    """The variables that the file sets; none if there is no such file.

    Raises SettingsError for a line that is not understood; it would be passed over.
    """
    try:
        with path.open(encoding="utf-8") as file:
            lines = list(parse_stream(file))
    except FileNotFoundError:
        return []
    for one in lines:
        if one.error:
            text = one.original.string
            line = one.original.line + text[: -len(text.lstrip())].count("\n")
            raise SettingsError(
                f"The file {path}, line {line}, is not understood: write NAME=value there, "
                "or # before a remark."
            )
    return [one.key for one in lines if one.key]


def _check_names(names: Iterable[str]) -> None:
    """Raises SettingsError for a name that is nearly a setting's: it would be passed over.

    Others may be somebody else's: another bot's DISCORD_BOT_TOKEN, or BELEG_SERVICE_HOST, which
    Kubernetes sets for a service "beleg".
    """
    known = [str(field.validation_alias) for field in Settings.model_fields.values()]
    for name in names:
        if name.upper() in known or not name.upper().startswith("BELEG"):
            continue
        meant = get_close_matches(name.upper(), known, n=1, cutoff=0.85)
        if meant:
            raise SettingsError(
                f"{name} is not a setting of Beleg, but {meant[0]} is: correct the name in the "
                f"environment or in {ENV_FILE}."
            )


def load_settings(*, content: Path | None = None, data: Path | None = None) -> Settings:
    """The settings from the environment and ``.env``; what is given here goes before both.

    Raises SettingsError with one sentence that names the first wrong setting.
    """
    try:
        _check_names([*os.environ, *_names_in(Path(ENV_FILE))])
        settings = Settings()
    except ValidationError as error:
        raise SettingsError(explain(error)) from None
    except OSError as error:
        raise SettingsError(
            f"The file {ENV_FILE} cannot be read: {error.strerror}; check its permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"The file {ENV_FILE} is not UTF-8 text: save it as UTF-8.") from error
    given = {"content": content, "data": data}
    return settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )


def explain(error: ValidationError) -> str:
    """One sentence for the first thing that pydantic found wrong.

    It never shows the value, which may be secret.
    """
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "A setting"
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{name} is not usable: {reason}; correct it in the environment or in {ENV_FILE}."
