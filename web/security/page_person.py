"""Refuses requests of a page that somebody else opened: people share computers, and a cookie belongs to a browser.

Every page says whose it is: scripts in the header PERSON_HEADER, forms in the hidden field PERSON_FIELD, which
`web.rendering.page` puts into each of them. A request that says neither comes from a program or a link.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from annotation.access.reading import is_person
from core.errors import OtherPerson
from web.forms.refused import is_form
from web.rendering import PERSON_FIELD
from web.security.auth import Found, find_signed_in

PERSON_HEADER = "hindsight-person"


async def require_own_page(request: Request, found: Annotated[Found | None, Depends(find_signed_in)]) -> None:
    """Refuse a request that says it comes from another person's page; raises OtherPerson. For every route.

    Where nobody is signed in there is nobody to be confused with: the route asks to sign in, if it wants to.
    """
    if found is None:
        return
    request.state.person_id = found.person.id  # for the page that refuses what she asks for
    named = await named_person(request)
    if named is not None and not is_person(found.person, named):
        raise OtherPerson(name=found.person.name)


async def named_person(request: Request) -> str | None:
    """Return whose page a request says it comes from, or None."""
    if PERSON_HEADER in request.headers:
        return request.headers[PERSON_HEADER]
    if not is_form(request):
        return None
    try:
        named = (await request.form()).get(PERSON_FIELD)  # the route reads the same form again, from memory
    except HTTPException:  # it breaks off: the route says so
        return None
    return named if isinstance(named, str) else None


OwnPage = Depends(require_own_page)
