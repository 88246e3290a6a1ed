"""What whoever runs Beleg can set: in the environment or in a file ``.env`` where it is started."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AnyHttpUrl, AnyWebsocketUrl, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_FILE = ".env"


class SettingsError(Exception):
    """A setting is missing or wrong; ``str()`` is one sentence that names it and the remedy."""


def _one_word(token: SecretStr) -> SecretStr:
    value = token.get_secret_value().strip()
    if any(character.isspace() or not "!" <= character <= "~" for character in value):
        raise ValueError("a token is one word without spaces")
    return SecretStr(value)


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
    api_url: AnyHttpUrl | None = Field(default=None, validation_alias="DISCORD_API_URL")
    """Where the client sends its requests instead of Discord's own address: a REST proxy."""
    gateway_url: AnyWebsocketUrl | None = Field(
        default=None, validation_alias="DISCORD_GATEWAY_URL"
    )
    """Where the client connects instead of Discord's own gateway."""
    content: Path = Field(default=Path("content"), validation_alias="BELEG_CONTENT")
    data: Path = Field(default=Path(".data"), validation_alias="BELEG_DATA")
    model: str | None = Field(default=None, validation_alias="BELEG_MODEL")
    editing: str = Field(
        default="own", pattern=r"^(own|none|\d+(,\d+)*)$", validation_alias="BELEG_EDITING"
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

    @property
    def token_limit(self) -> int:
        """``token_vectors_gb`` in bytes."""
        return round(self.token_vectors_gb * 1e9)

    def required_token(self) -> str:
        """The bot's token; raises SettingsError if there is none."""
        token = "" if self.token is None else self.token.get_secret_value()
        if not token:
            raise SettingsError(
                "DISCORD_TOKEN is not set: get a token in the Discord developer portal "
                "(https://discord.com/developers/applications: your application, Bot, Reset Token) "
                f"and put the line DISCORD_TOKEN=… into a file {ENV_FILE} here or into the "
                "environment."
            )
        return token


def load_settings(*, content: Path | None = None, data: Path | None = None) -> Settings:
    """The settings from the environment and ``.env``; what is given here goes before both.

    Raises SettingsError with one sentence that names the first wrong setting.
    """
    try:
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
