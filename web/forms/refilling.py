"""Fills a form of an HTML page with submitted values and puts an error message at its field.

Works on the page as it is sent, so that it holds for every form, and for the next one, without a word in its template.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from web.rendering import FORM_FIELD, PERSON_FIELD, VERSION_FIELD

Typed = Sequence[tuple[str, str]]
Attributes = dict[str, str | None]

CONTROLS = ("input", "textarea", "select")
OF_THE_PAGE = (PERSON_FIELD, FORM_FIELD, VERSION_FIELD)  # hidden, and as the page that is sent now has them
NEVER_SHOWN = ("password", "file", "submit", "button", "image", "reset")  # browsers, or good manners, forbid a value
ID = "problem"


@dataclass
class Tag:
    """A tag of a page and where it stands."""

    name: str
    attributes: Attributes
    start: int
    end: int
    is_end: bool = False

    @property
    def kind(self) -> str:
        """What sort of input it is."""
        return (self.attributes.get("type") or "text").lower()


@dataclass
class Control:
    """A field of a form, with what belongs to it."""

    tag: Tag
    end: Tag | None = None  # of a list or a text of several lines
    label: Tag | None = None  # the end of the label around it
    options: list[Tag] = field(default_factory=list)  # of a list

    @property
    def name(self) -> str:
        """Its name in a request."""
        return self.tag.attributes.get("name") or ""

    @property
    def is_visible(self) -> bool:
        """Whether somebody can put something into it."""
        kinds = ("hidden", "submit", "button", "image", "reset")
        return bool(self.name) and (self.tag.name != "input" or self.tag.kind not in kinds)

    def is_missing(self, typed: Typed) -> bool:
        """Whether it has to be filled in and was not; what is chosen as a file nobody can tell here."""
        given = any(name == self.name and text.strip() for name, text in typed)
        return "required" in self.tag.attributes and self.tag.kind != "file" and not given


@dataclass
class Form:
    """A form of a page."""

    tag: Tag
    around: list[Tag]  # folded <details> around it
    controls: list[Control] = field(default_factory=list)
    labelled: int = 0  # the first control that the label around them is of

    def take(self, tag: Tag) -> None:
        """Add a tag that lies within the form."""
        last = self.controls[-1] if self.controls else None
        if tag.name == "label":
            for one in self.controls[self.labelled :] if tag.is_end else []:
                one.label = tag
            self.labelled = len(self.controls)
        elif tag.name in CONTROLS and not tag.is_end:
            self.controls.append(Control(tag))
        elif last is not None and tag.name == last.tag.name:
            last.end = tag
        elif last is not None and tag.name == "option" and not tag.is_end:
            last.options.append(tag)

    def is_of(self, typed: Typed) -> bool:
        """Whether its hidden fields are those that were sent: a page may have the same form for several things."""
        hidden = [one for one in self.controls if one.tag.name == "input" and one.tag.kind == "hidden"]
        hidden = [one for one in hidden if one.name not in OF_THE_PAGE]
        return all((one.name, one.tag.attributes.get("value") or "") in typed for one in hidden)


def refill(page: str, here: str, address: str, typed: Typed, sentence: str, fields: Sequence[str] = ()) -> str | None:
    """Return a page at `here` with its form for `address` filled again; None if it has no such form.

    The sentence stands at the first of `fields` that the form has, else at its only field or one that was left empty,
    else on top of it.
    """
    forms = [one for one in forms_of(page) if (one.tag.attributes.get("action") or here) == address]
    if not forms:
        return None
    form = next((one for one in forms if one.is_of(typed)), forms[0])
    visible = [one for one in form.controls if one.is_visible]
    wrong = [one for one in visible if one.name in fields] or (visible if len(visible) == 1 else [])
    wrong = wrong or [one for one in visible if one.is_missing(typed)][:1]
    edits = [(one.start, one.end, written(one.name, one.attributes | {"open": None})) for one in form.around]
    rest, sent = list(typed), {name for name, _ in typed}
    for control in form.controls:
        edits += filled(control, rest, sent, is_wrong=control in wrong, is_first=control in wrong[:1])
    said = escape(sentence)
    if wrong:
        at = wrong[0].label or wrong[0].end or wrong[0].tag
        edits.append((at.end, at.end, f' <span id="{ID}" class="problem" role="alert">{said}</span>'))
    else:
        on_top = f'<p id="{ID}" class="problem" role="alert" tabindex="-1" autofocus>{said}</p>'
        edits.append((form.tag.end, form.tag.end, on_top))
    return edited(page, edits)


def filled(
    control: Control, rest: list[tuple[str, str]], sent: set[str], *, is_wrong: bool, is_first: bool
) -> Iterator[tuple[int, int, str]]:
    """Yield the edits that put into a control what was typed; it takes its part of `rest`."""
    tag, attributes = control.tag, dict(control.tag.attributes)
    if is_wrong:
        described = attributes.get("aria-describedby")
        attributes |= {"aria-invalid": "true", "aria-describedby": f"{described} {ID}" if described else ID}
        attributes |= {"autofocus": None} if is_first else {}
    if tag.name == "input" and tag.kind in ("checkbox", "radio"):
        attributes.pop("checked", None)
        if (control.name, attributes.get("value") or "on") in rest:
            attributes["checked"] = None
    elif (
        control.name in sent
        and control.name not in OF_THE_PAGE
        and not (tag.name == "input" and tag.kind in NEVER_SHOWN)
    ):
        pair = next((one for one in rest if one[0] == control.name), (control.name, ""))
        if pair in rest:
            rest.remove(pair)
        if tag.name == "input":
            attributes["value"] = pair[1]
        elif tag.name == "textarea" and control.end is not None:
            yield (tag.end, control.end.start, "\n" + escape(pair[1]))
        else:
            yield from chosen(control, pair[1])
    if attributes != tag.attributes:
        yield (tag.start, tag.end, written(tag.name, attributes))


def chosen(control: Control, value: str) -> Iterator[tuple[int, int, str]]:
    """Yield the edits that choose an entry of a list."""
    for option in control.options:
        attributes = {name: given for name, given in option.attributes.items() if name != "selected"}
        attributes |= {"selected": None} if (attributes.get("value") or "") == value else {}
        yield (option.start, option.end, written("option", attributes))


def written(name: str, attributes: Attributes) -> str:
    """Write a tag."""
    return "<" + " ".join([name, *(k if v is None else f'{k}="{escape(v)}"' for k, v in attributes.items())]) + ">"


def edited(page: str, edits: list[tuple[int, int, str]]) -> str:
    """Return a page with pieces of it replaced."""
    parts, at = [], 0
    for start, end, text in sorted(edits, key=lambda one: one[:2]):
        parts += [page[at:start], text]
        at = end
    return "".join([*parts, page[at:]])


def forms_of(page: str) -> list[Form]:
    """Return the forms of a page that send something."""
    forms: list[Form] = []
    folded: list[Tag] = []
    within: Form | None = None
    for tag in tags_of(page):
        if tag.name == "details" and tag.is_end:
            folded.pop()
        elif tag.name == "details":
            folded.append(tag)
        elif tag.name == "form" and tag.is_end:
            within = None
        elif tag.name == "form" and (tag.attributes.get("method") or "").lower() == "post":
            within = Form(tag, [one for one in folded if "open" not in one.attributes])
            forms.append(within)
        elif within is not None:
            within.take(tag)
    return forms


def tags_of(page: str) -> list[Tag]:
    """Return the tags of a page in order."""
    reader = _Reader(page)
    reader.feed(page)
    reader.close()
    return reader.tags


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.tags: list[Tag] = []
        self._lines = [0]
        for line in page.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag that begins something."""
        start = self._place()
        self.tags.append(Tag(tag, dict(attrs), start, start + len(self.get_starttag_text() or "")))

    def handle_endtag(self, tag: str) -> None:
        """Keep a tag that ends something; ours are written without spaces."""
        start = self._place()
        self.tags.append(Tag(tag, {}, start, start + len(f"</{tag}>"), is_end=True))
