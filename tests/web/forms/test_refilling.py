"""A page with a form filled again: what was typed stands in it, and nothing else of the page has changed."""

from __future__ import annotations

from html import escape

from hypothesis import given
from hypothesis import strategies as st

from web.forms.refilling import forms_of, refill, tags_of

PAGE = """<!doctype html>
<main><details><summary>More</summary>
<form method="post" action="/other"><input name="name" value="other"></form>
<form class="row" method="post" action="/things">
  <input type="hidden" name="thing_id" value="7">
  <p><label for="name">Name</label> <input id="name" name="name" value="before" aria-describedby="hint"></p>
  <p><label for="secret">Password</label> <input id="secret" name="secret" type="password"></p>
  <textarea name="text" rows="3">before</textarea>
  <select name="kind"><option value="a" selected>A</option><option value="b">B</option></select>
  <label class="check"><input type="checkbox" name="agreed" value="true" checked> Yes</label>
  <label><input type="radio" name="part" value="one" checked> One</label>
  <label><input type="radio" name="part" value="two"> Two</label>
  <button name="answer" value="yes">Send</button>
</form></details>
<script type="application/json">{"form": "<form method=post action=/things>"}</script></main>"""
TYPED = [
    ("thing_id", "7"),
    ("name", 'a "quoted" <b>name</b>'),
    ("secret", "four words of mine"),
    ("text", "\nline & line"),
    ("kind", "b"),
    ("part", "two"),
]


def again(fields: tuple[str, ...] = (), page: str = PAGE, typed: list[tuple[str, str]] = TYPED) -> str:
    made = refill(page, "/here", "/things", typed, "Please look again.", fields)
    assert made is not None
    return made


def tag(page: str, name: str, value: str | None = None) -> dict[str, str | None]:
    """Return what the field of a page says of itself."""
    return next(
        one.attributes
        for one in tags_of(page)
        if one.attributes.get("name") == name and value in (None, one.attributes.get("value"))
    )


def test_every_kind_of_field_holds_what_was_typed() -> None:
    made = again()
    own = made.partition('action="/things"')[2]
    assert tag(own, "name")["value"] == 'a "quoted" <b>name</b>'
    assert "<b>name" not in made
    assert ">\n\nline &amp; line</textarea>" in made  # a browser drops the first of two line breaks
    assert '<option value="b" selected>' in made
    assert made.count("selected") == 1
    assert "checked" not in tag(own, "agreed")
    assert "checked" not in tag(own, "part", "one")
    assert "checked" in tag(own, "part", "two")


def test_a_password_is_never_written_into_a_page() -> None:
    assert "four words" not in again(("secret",))


def test_the_sentence_stands_at_its_field_and_the_field_points_to_it() -> None:
    made = again(("name",))
    own = made.partition('action="/things"')[2]
    said = tag(own, "name")
    assert (said["aria-invalid"], said["aria-describedby"]) == ("true", "hint problem")
    assert "autofocus" in said
    assert '<span id="problem" class="problem" role="alert">Please look again.</span></p>' in made


def test_a_sentence_about_a_box_stands_after_its_label() -> None:
    assert 'Yes</label> <span id="problem"' in again(("agreed",))


def test_a_sentence_about_the_whole_form_stands_on_top_of_it_and_is_read_first() -> None:
    made = again(("unknown",))
    assert 'action="/things"><p id="problem" class="problem" role="alert" tabindex="-1" autofocus>' in made
    assert "aria-invalid" not in made


def test_what_is_folded_up_around_it_is_open() -> None:
    assert "<details open>" in again()


def test_nothing_else_of_the_page_changes() -> None:
    made = again(("text",))
    assert '<form method="post" action="/other"><input name="name" value="other"></form>' in made
    assert PAGE.partition("<script")[2] in made


def test_of_two_like_forms_the_one_that_was_sent_is_filled() -> None:
    two = PAGE + PAGE.replace('value="7"', 'value="8"')
    made = again(page=two, typed=[("thing_id", "8"), *TYPED[1:]])
    assert made.startswith(PAGE)
    assert "quoted" in made.removeprefix(PAGE)


def test_a_page_without_the_form_is_told() -> None:
    assert refill(PAGE, "/here", "/nowhere", TYPED, "No.") is None


def test_a_form_without_an_address_is_that_of_its_page() -> None:
    page = '<form method="post"><input name="name"></form>'
    made = refill(page, "/join/secret", "/join/secret", [("name", "Ada")], "No.")
    assert made is not None
    assert 'value="Ada"' in made
    assert 'aria-invalid="true"' in made  # its only field


@given(st.text(), st.text())
def test_whatever_is_typed_is_read_again_as_it_was(name: str, text: str) -> None:
    made = again(typed=[("thing_id", "7"), ("name", name), ("text", text)])
    own = made.partition('action="/things"')[2]
    assert tag(own, "name")["value"] == name
    assert f">\n{escape(text)}</textarea>" in made
    assert len(forms_of(made)) == len(forms_of(PAGE))
