"""Learning walks: those of a person, and one with its notes."""

from __future__ import annotations

from pydantic import BaseModel, Field

from web.views.base import MAX_MS, View


class NewNote(BaseModel):
    """What is noticed at a moment of a visit; `draft_id` is made by the page."""

    at_ms: int = Field(ge=0, le=MAX_MS)
    text: str
    draft_id: str


class NoteView(View):
    """A note of a visit."""

    id: str
    at_ms: int
    text: str
