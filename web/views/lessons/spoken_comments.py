"""A spoken comment on its way to text."""

from __future__ import annotations

from typing import Literal

from web.views.base import View


class SaidView(View):
    """A spoken comment: `working`, `heard` with its text, or `failed`."""

    id: str
    state: Literal["working", "heard", "failed"]
    text: str
