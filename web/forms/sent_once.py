"""Idempotency of forms: one that is sent twice is done once, and answered the same again, however much later.

`web.rendering.page` gives every form an id when the page is made, in the hidden field FORM_FIELD. A route whose form
creates something takes a `SentForm` and answers with `answer_once`; so does one that would refuse the same form the
second time, or do again what was undone meanwhile. What sets a state, or does nothing the second time, needs neither.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from core.database.receipts import do_once
from core.models import Person
from web.rendering import FORM_FIELD


async def read_sent_form(request: Request) -> str:
    """Return the id of a form with all that it says; nothing for a form of a program, which has no id, or with a file.

    What a file says is not compared, so such a form is always done.
    """
    try:
        form = await request.form()  # the route reads the same form again, from memory
    except HTTPException:  # it breaks off: the route says so
        return ""
    if not form.get(FORM_FIELD):
        return ""
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if len(texts) < len(form.multi_items()):
        return ""
    # A script and a browser write the ends of lines differently.
    said = sorted((name, text.replace("\r\n", "\n")) for name, text in texts)
    return json.dumps([request.url.path, said])


SentForm = Annotated[str, Depends(read_sent_form)]


def answer_once(session: Session, person: Person, sent: str, do: Callable[[], Response]) -> Response:
    """Do what a form asks for, which leads to another page; sent before, it leads there again and nothing is done."""
    address, _ = do_once(session, person.id, sent, lambda: do().headers["location"])
    return RedirectResponse(address, 303)
