"""The session room over the API: one film for two, cards, notes, one action, and a log that wrote itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select

from annotation.access.hearing import Topic, may_hear
from annotation.coaching.session_room import now_ms
from core.clock import utc_now
from core.database.events import About, Happened
from core.models import CoachingSession, Event, Person, Share
from tests.support.web_school import School


def set_playback(school: School, kind: str, **order: object) -> int:
    body = {"playing": True, "position_ms": 4000, "speed": 1.0, "at": now_ms()} | order
    return school.browser(kind).post(f"/api/sessions/{school.ids['session']}/steer", json=body).status_code


def read(school: School, kind: str = "coach") -> dict[str, object]:
    found: dict[str, object] = school.browser(kind).get(f"/api/sessions/{school.ids['session']}").json()
    return found


def test_either_may_take_the_wheel_and_the_last_order_wins(school: School) -> None:
    assert set_playback(school, "owner") == 200
    assert set_playback(school, "coach", playing=False, position_ms=9000) == 200
    room = read(school, "owner")["room"]
    assert isinstance(room, dict)
    assert (room["playing"], room["position_ms"], room["steered_by"]) == (False, 9000, school.ids["person_coach"])
    assert room["number"] == 2


def test_a_clock_that_is_far_off_does_not_throw_the_other_out(school: School) -> None:
    set_playback(school, "owner", at=1)
    room = read(school)["room"]
    assert isinstance(room, dict)
    assert abs(int(room["at"]) - now_ms()) < 3000


def test_the_room_says_who_is_here_until_they_leave_or_fall_silent(school: School) -> None:
    owner, coach = school.browser("owner"), school.browser("coach")
    address = f"/api/sessions/{school.ids['session']}"
    owner.post(f"{address}/here")
    coach.post(f"{address}/here")
    assert read(school)["here"] == sorted([school.ids["person_owner"], school.ids["person_coach"]])
    coach.post(f"{address}/leave")
    assert read(school)["here"] == [school.ids["person_owner"]]
    with school.database.write() as session:
        session.get_one(CoachingSession, school.ids["session"]).coachee_seen_at = utc_now() - timedelta(minutes=1)
    assert read(school)["here"] == []


def test_a_fourth_moment_is_refused_kindly(school: School) -> None:
    coach, address = school.browser("coach"), f"/api/sessions/{school.ids['session']}/moments"
    for ms in (1000, 2000, 3000):
        assert coach.post(address, json={"start_ms": ms, "text": "Here"}).status_code == 201
    refused = coach.post(address, json={"start_ms": 4000})
    assert refused.status_code == 422
    assert "Three moments" in refused.json()["message"]
    assert coach.delete(f"{address}/2000").status_code == 200
    assert coach.post(address, json={"start_ms": 4000}).status_code == 201


def test_a_session_ends_with_one_action_and_its_log_has_written_itself(school: School) -> None:
    owner, coach = school.browser("owner"), school.browser("coach")
    address = f"/api/sessions/{school.ids['session']}"
    set_playback(school, "owner")
    coach.post(f"{address}/moments", json={"start_ms": 65_000})
    said = {"partnership_id": school.ids["partnership_coach"], "start_ms": 70_000, "text": "You let Sam think"}
    coach.post(f"/api/lessons/{school.ids['lesson']}/comments", json=said)
    owner.patch(address, json={"action": ""})
    refused = owner.post(f"{address}/end")
    assert (refused.status_code, "one thing" in refused.json()["message"]) == (422, True)
    owner.patch(address, json={"action": "Count to five", "action_by": "2026-12-01", "notes": {"W": "In 9b"}})
    ended = owner.post(f"{address}/end").json()
    lines = [line["what"] for line in ended["log"]]
    assert lines[0].startswith("Began on")
    assert "Looked at 1:05: a moment" in lines
    assert "Coach Person at 1:10: You let Sam think" in lines
    assert lines[-1].startswith("Ended after")
    assert (ended["action"], ended["action_by"]) == ("Count to five", "2026-12-01")
    assert ended["notes"] == [{"stage": "W", "text": "In 9b", "by": "Ada Owner", "mine": True}]
    assert set_playback(school, "coach") == 422
    assert coach.patch(address, json={"notes": {"G": "Both may add to it"}}).status_code == 200
    assert "Looked at 1:05" in coach.get(f"/sessions/{school.ids['session']}").text


def test_each_of_the_two_has_a_line_at_each_stage_and_nobody_overwrites_the_other(school: School) -> None:
    owner, coach = school.browser("owner"), school.browser("coach")
    address = f"/api/sessions/{school.ids['session']}"
    owner.patch(address, json={"notes": {"R": "They wait for me", "O": "Ask fewer"}})
    assert coach.patch(address, json={"notes": {"R": "Sam spoke twice"}}).status_code == 200
    lines = [(one["stage"], one["text"], one["mine"]) for one in owner.get(address).json()["notes"]]
    assert lines == [("R", "They wait for me", True), ("R", "Sam spoke twice", False), ("O", "Ask fewer", True)]
    coach.patch(address, json={"notes": {"R": "", "O": ""}})  # takes his own line away, and none of hers
    assert [one["text"] for one in coach.get(address).json()["notes"]] == ["They wait for me", "Ask fewer"]


def test_lines_of_four_stages_that_both_write_at_once_are_all_there(school: School) -> None:
    address = f"/api/sessions/{school.ids['session']}"
    browsers = {who: school.browser(who) for who in ("owner", "coach")}

    def write(line: tuple[str, str]) -> int:
        who, stage = line
        return browsers[who].patch(address, json={"notes": {stage: f"{who} {stage}"}}).status_code

    lines = [(who, stage) for stage in "GROW" for who in browsers]
    with ThreadPoolExecutor(len(lines)) as pool:
        assert list(pool.map(write, lines)) == [200] * len(lines)
    kept = [one["text"] for one in browsers["owner"].get(address).json()["notes"]]
    assert sorted(kept) == sorted(f"{who} {stage}" for who, stage in lines)


def test_what_is_taken_back_is_gone_from_the_room_and_its_words_from_the_log(school: School) -> None:
    coach = school.browser("coach")
    said = {"partnership_id": school.ids["partnership_coach"], "start_ms": 70_000, "text": "You let Sam think"}
    coach.post(f"/api/lessons/{school.ids['lesson']}/comments", json=said)
    with school.database.write() as session:
        for share in session.scalars(select(Share)):
            share.taken_back_at = utc_now()
    found = read(school)
    assert found["media"] is None
    assert found["offered"] == []
    assert "Sam" not in str(found)
    assert set_playback(school, "coach") == 404


def test_a_room_opens_once_and_only_over_what_the_partner_can_see(school: School) -> None:
    owner, path = school.browser("owner"), f"/partnerships/{school.ids['partnership_coach']}/sessions"
    opened = owner.post(path, data={"lesson_id": school.ids["lesson"]})
    assert opened.headers["location"].startswith(f"/sessions/{school.ids['session']}")
    other = owner.post(
        f"/partnerships/{school.ids['partnership_taken_back']}/sessions", data={"lesson_id": school.ids["lesson"]}
    )
    assert other.status_code == 422
    assert "share it first" in other.text


def test_a_film_chosen_twice_keeps_the_cards_and_another_one_goes_on_with_the_orders(school: School) -> None:
    owner, address = school.browser("owner"), f"/sessions/{school.ids['session']}"
    assert owner.post(f"/api{address}/moments", json={"start_ms": 4000}).status_code == 201
    assert set_playback(school, "owner") == 200
    before = read(school)
    assert owner.post(f"{address}/film", data={"film": f"lesson:{school.ids['lesson']}"}).status_code == 303
    assert (read(school)["moments"], read(school)["room"]) == (before["moments"], before["room"])
    assert owner.post(f"{address}/film", data={"film": f"clip:{school.ids['clip']}"}).status_code == 303
    room, was = read(school)["room"], before["room"]
    assert isinstance(room, dict)
    assert isinstance(was, dict)
    assert (room["number"], room["position_ms"], room["playing"]) == (was["number"] + 1, 0, False)


def write_action(school: School, kind: str, version: object, **action: object) -> tuple[int, dict[str, object]]:
    body = {"action_version": version} | action
    answer = school.browser(kind).patch(f"/api/sessions/{school.ids['session']}", json=body)
    return answer.status_code, answer.json()


def test_two_who_write_the_one_action_at_once_lose_neither_text(school: School) -> None:
    seen = read(school)["action_version"]
    assert write_action(school, "owner", seen, action="Count to five")[0] == 200
    status, refused = write_action(school, "coach", seen, action="Ask pairs first")
    assert (status, refused["code"]) == (409, "edited_meanwhile")
    assert "It now says: “Count to five”" in str(refused["message"])
    assert read(school)["action"] == "Count to five"
    assert write_action(school, "coach", read(school)["action_version"], action="Ask pairs first")[0] == 200
    assert read(school, "owner")["action"] == "Ask pairs first"


def test_one_who_writes_the_action_and_one_who_sets_its_day_agree(school: School) -> None:
    _, first = write_action(school, "owner", read(school)["action_version"], action="Count to five")
    seen = first["action_version"]
    write_action(school, "coach", seen, action="Count to five", action_by="2030-01-01")
    write_action(school, "owner", seen, action="Count to six", action_by=None)
    now = read(school)
    assert (now["action"], now["action_by"]) == ("Count to six", "2030-01-01")


def test_the_other_alone_is_told_that_somebody_is_writing(school: School) -> None:
    address = f"/api/sessions/{school.ids['session']}/writing"
    assert school.browser("coach").post(address, json={"field": "R"}).status_code == 204
    assert school.browser("coach").post(address, json={"field": "everything"}).status_code == 422
    with school.database.read() as session:
        told = session.scalars(select(Event).order_by(Event.number.desc())).first()
        assert told is not None
        assert (told.kind, told.session_id) == ("writing-R", school.ids["session"])
        topic = Topic("", None, school.ids["session"])
        about = About(session_id=told.session_id, person_id=told.person_id)
        happened = Happened(told.number, told.lesson_id, told.kind, about)
        heard = {
            kind: may_hear(session, session.get_one(Person, school.ids[f"person_{kind}"]), topic, happened)
            for kind in ("owner", "coach")
        }
    assert heard == {"owner": True, "coach": False}


def write_line(school: School, text: str, *seen: str) -> tuple[int, str]:
    body = {"notes": {"R": text}, "seen": list(seen)}
    answer = school.browser("owner").patch(f"/api/sessions/{school.ids['session']}", json=body)
    return answer.status_code, answer.json().get("code", "")


def own_line(school: School) -> object:
    notes = read(school, "owner")["notes"]
    assert isinstance(notes, list)
    return next((one["text"] for one in notes if one["stage"] == "R" and one["mine"]), "")


def test_one_who_writes_her_line_in_two_tabs_overwrites_nothing_that_she_has_not_seen(school: School) -> None:
    assert write_line(school, "From the first tab", "") == (200, "")
    assert write_line(school, "From the second tab", "") == (409, "edited_meanwhile")
    assert own_line(school) == "From the first tab"
    assert write_line(school, "From the second tab", "From the first tab") == (200, "")
    assert write_line(school, "", "From the first tab") == (409, "edited_meanwhile")
    assert own_line(school) == "From the second tab"


def test_a_line_whose_answer_was_lost_is_no_other_line(school: School) -> None:
    assert write_line(school, "Half", "") == (200, "")  # of which its page heard nothing
    assert write_line(school, "Half", "") == (200, "")
    assert write_line(school, "Half a line", "", "Half") == (200, "")
    assert own_line(school) == "Half a line"


def test_two_who_put_other_words_at_one_moment_are_shown_both_and_the_later_one_chooses(school: School) -> None:
    to = f"/api/sessions/{school.ids['session']}/moments"
    said = school.browser("owner").get(f"/api/sessions/{school.ids['session']}").json()["offered"][0]
    card = {"start_ms": said["start_ms"], "comment_id": said["comment_id"]}
    assert school.browser("owner").post(to, json=card).status_code == 201
    other = {"start_ms": said["start_ms"]}
    refused = school.browser("coach").post(to, json=other)
    assert (refused.status_code, refused.json()["code"]) == (409, "edited_meanwhile")
    assert said["text"] in refused.json()["message"]
    chosen = school.browser("coach").post(to, json=other | {"instead": True})
    assert [(one["start_ms"], one["text"]) for one in chosen.json()["moments"]] == [(said["start_ms"], "")]
