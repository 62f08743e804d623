"""States of a partnership (asked, active, suspended, ended): what is done in one is done while it is active."""

from __future__ import annotations

from sqlalchemy.orm import Session

from annotation.access.locks import lock_row
from annotation.access.reading import require_see
from annotation.errors import PartnershipOver
from core.models import Partnership, Person


def is_active(partnership: Partnership) -> bool:
    """Tell whether a partnership is active: only then is anything open, said or shared in it."""
    return partnership.state == "active"


def require_active(partnership: Partnership) -> None:
    """Raise PartnershipOver unless a partnership is active."""
    if not is_active(partnership):
        raise PartnershipOver


def get_active_partnership(session: Session, person: Person, partnership_id: str, *, lock: bool = False) -> Partnership:
    """Return a partnership of this person's that is active; raises NotFound or PartnershipOver.

    `lock` keeps others from changing the row until the end (PostgreSQL; SQLite has one writer).
    """
    partnership = lock_row(session, Partnership, partnership_id) if lock else session.get(Partnership, partnership_id)
    found = require_see(session, person, partnership)
    require_active(found)
    return found
