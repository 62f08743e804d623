"""What every page's shapes are built on: the pages' TypeScript is generated from them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """Read from rows and dataclasses alike."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)


class ErrorView(View):
    """Every failure."""

    code: str
    message: str


class NamedView(View):
    """A person or a goal by name."""

    id: str
    name: str


class PersonView(NamedView):
    """Who is signed in."""

    is_lead: bool
    has_left: bool


MAX_MS = 2**31 - 1
