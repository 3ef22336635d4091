"""What all settings have in common: their base, words as YAML gives them, and mistakes that know their place."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler


class Settings(BaseModel):
    """A part of a connection's settings: unknown fields are refused, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlacedError(ValueError):
    """A mistake that only the settings as a whole show; ``place`` leads from there to where it is written."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


def _as_written(value: object) -> object:
    """Refuse what YAML has made of a word without quotes: NO is false there, and 007 is seven."""
    if isinstance(value, bool):
        raise ValueError(
            "YAML reads yes, no, on and off without quotes as true or false; write 'NO' in quotes"
        )
    if isinstance(value, int | float):
        raise ValueError(f"YAML reads {value} without quotes as a number; write it in quotes")
    return value


Word = Annotated[str, BeforeValidator(_as_written), Field(min_length=1)]
"""A code or name of either system, letter by letter as it is there."""

PropertyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""The internal name of a HubSpot property."""

FieldPath = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*(\.[^\s.]+)*$")]
"""A field of a Visma row: ``customerClass.description``, or ``attributes.INDUSTRY`` for an attribute's value."""


class OrBare:
    """Says in the JSON schema, which is all that ``dg check yaml`` sees, that a model may be written in short, too.

    Args:
        in_words: the short form, for the page of settings.
        short: its JSON schema.
    """

    def __init__(self, in_words: str, **short: Any) -> None:
        self.in_words = in_words
        self._short = short

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of either form; ``anyOf``, as Dagster knows no other."""
        return {"anyOf": [self._short, handler(schema)]}
