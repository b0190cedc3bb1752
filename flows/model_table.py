"""The [model] table of earful.toml: which model judges the texts."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from earful.models import language
from earful.models.hub import Named

Label = Literal["negative", "neutral", "positive"]


def _hub(value: str) -> str:
    if value and not _is_folder(value) and not re.fullmatch(r"[\w.-]+/[\w.-]+", value):
        raise ValueError(f'{value!r} is no model; write "owner/name", or a folder like "./models/xlmr"')
    return value


def _is_folder(value: str) -> bool:
    return value.startswith(("./", "../", "/"))


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}", value):
        raise ValueError(f'{value!r} is no language code; write two or three letters, like "de" or "en"')
    return value


class Model(BaseModel):
    """Which model judges the texts: the shipped weights, a folder of our own kind, or any classifier by `hub`.

    The other keys belong to `hub`; what they mean stands at `models.hub.Named`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: str = ""
    hub: Annotated[str, AfterValidator(_hub)] = ""
    revision: Annotated[str, Field(validate_default=True)] = ""
    labels: dict[str, Label] = {}
    languages: tuple[Annotated[str, AfterValidator(_language)], ...] = language.ENGLISH
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.6
    towards: bool = False

    def named(self, folder: Path) -> Named:
        """Gives what models.hub loads; a relative folder starts at `folder`."""
        place = str(folder / self.hub) if _is_folder(self.hub) else self.hub
        return Named(place, self.revision, self.labels, self.languages, self.threshold, self.towards)

    @field_validator("hub")
    @classmethod
    def _alone(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("weights"):
            raise ValueError("weights and hub name two models; delete one of them")
        return value

    @field_validator("revision")
    @classmethod
    def _pinned(cls, value: str, info: ValidationInfo) -> str:
        named = info.data.get("hub", "")
        if value and _is_folder(named):
            raise ValueError("a folder has no revision; delete this line")
        if value and not re.fullmatch(r"[0-9a-f]{40}", value):
            raise ValueError(
                f"{value!r} may be another model tomorrow; write the 40 digits of a commit, as the model's page shows "
                "them under Files, History"
            )
        if named and not value and not _is_folder(named):
            raise ValueError(
                f'{named} has to be pinned; add revision = "..." with the 40 digits of a commit, as the model\'s page '
                "shows them under Files, History"
            )
        return value

    @field_validator("languages")
    @classmethod
    def _any(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError('name at least one language, like ["de", "en"]')
        return value

    @field_validator("revision", "labels", "languages", "threshold", "towards")
    @classmethod
    def _of_hub(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("hub") == "" and value != cls.model_fields[str(info.field_name)].default:
            raise ValueError("this describes a model that hub names; add hub or delete this line")
        return value
