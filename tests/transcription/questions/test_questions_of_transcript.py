"""`hindsight questions`: transcripts made elsewhere give questions with their rows."""

from __future__ import annotations

from pathlib import Path

from core.types import AnsweredBy, QuestionKind, Role
from transcription.lesson.analysis_document import transcript_questions_document
from transcription.questions.lesson_questions import questions_of_transcript


def write(folder: Path, text: str) -> Path:
    file = folder / "transcript.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_rows_count_from_nothing_and_waits_are_unknown_without_times(tmp_path: Path) -> None:
    rows = [
        "speaker,text",
        "T,Good morning.",
        'T,"So, what is a noun"',
        "S,A thing.",
        "T,How do you know",
        "S,You said so.",
    ]
    found = questions_of_transcript(write(tmp_path, "\n".join(rows)))
    assert [(q.row, q.kind, q.role) for q in found] == [
        (1, QuestionKind.RECALL, Role.TEACHER),
        (3, QuestionKind.PROBING, Role.TEACHER),
    ]
    assert all(q.start_ms is None and q.wait_1_ms is None and q.answered_by is AnsweredBy.PUPIL for q in found)
    first = transcript_questions_document(found)["questions"][0]
    assert first["row"] == 1
    assert "start_ms" not in first


def test_times_in_the_table_give_waits(tmp_path: Path) -> None:
    rows = ["speaker,text,start_ms,end_ms", "T,What is a noun?,0,2000", "S,A thing.,5000,6000", "T,Yes.,6500,7000"]
    (q,) = questions_of_transcript(write(tmp_path, "\n".join(rows)))
    assert (q.row, q.wait_1_ms, q.wait_2_ms) == (0, 3000, 500)


def test_the_teacher_is_who_is_called_so_else_who_speaks_most(tmp_path: Path) -> None:
    called = "speaker,text\nMs. Teacher,Why?\nBo,Because water flows down the hill and into the sea.\n"
    assert questions_of_transcript(write(tmp_path, called))[0].role is Role.TEACHER
    most = "speaker,text\nAnn,Today we read about rivers. Where do they begin?\nBo,In hills.\n"
    assert questions_of_transcript(write(tmp_path, most))[0].role is Role.TEACHER


def test_subtitles_give_questions_too(tmp_path: Path) -> None:
    cues = (
        "WEBVTT\n\n00:00.000 --> 00:02.000\n<v T>Where do rivers begin?\n\n00:03.500 --> 00:05.000\n<v Bo>In hills.\n"
    )
    (q,) = questions_of_transcript(write(tmp_path, cues))
    assert (q.row, q.wait_1_ms, q.answered_by) == (0, 1500, AnsweredBy.PUPIL)


def test_names_of_the_class_are_the_group_and_no_name_is_unsure(tmp_path: Path) -> None:
    rows = ["speaker,text", "T,Shall we go on?", "SS,What is next?", ",What is this?"]
    found = questions_of_transcript(write(tmp_path, "\n".join(rows)))
    assert [q.role for q in found] == [Role.TEACHER, Role.GROUP, Role.UNSURE]


def test_a_sentence_cut_by_subtitles_is_one_question_and_rows_count_left_out_cues(tmp_path: Path) -> None:
    cues = (
        "WEBVTT\n\n00:00.000 --> 00:00.000\nNothing lasts no time.\n\n"
        "00:01.000 --> 00:03.000\n<v T>Where do you think\n\n00:03.000 --> 00:04.000\n<v T>rivers begin?"
    )
    (q,) = questions_of_transcript(write(tmp_path, cues))
    assert (q.row, q.text, q.end_ms) == (1, "Where do you think rivers begin?", 4000)


def test_a_tag_that_its_asker_talks_past_is_rhetorical_and_an_answered_one_is_not(tmp_path: Path) -> None:
    rows = ["speaker,text", 'T,"It floats, right?"', "T,So it is light.", 'T,"It sinks, right?"', "S,Yes."]
    first, second = questions_of_transcript(write(tmp_path, "\n".join(rows)))
    assert (first.kind, second.kind) == (QuestionKind.RHETORICAL, QuestionKind.RECALL)
