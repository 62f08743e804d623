"""The catalogue of pipeline stages: queue, order and version of each; titles are in `web/frontend/src/text/words.ts`.

Data only: `workers/pipeline/bindings.py` names the function of each stage. A stage's name is the key of its title
(`words.stages`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Queue = Literal["analysis", "asr", "io", "media"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. Raising its `version` makes the sweeper run it, and all that waits for it, again on every lesson.

    `after`: the stages that must be over first. `needs`: a stream that the recording must have. `optional`: what waits
    for it goes on when it has failed. `on_request`: a person asks for it, once for each number, and no lesson waits
    for it. `per_chunk`: one step for each chunk of the lesson.
    """

    name: str
    queue: Queue
    after: tuple[str, ...] = ()
    needs: Literal["", "audio", "video"] = ""
    optional: bool = False
    on_request: bool = False
    per_chunk: bool = False
    version: int = 1


STAGES: dict[str, Stage] = {  # in the order in which a person is shown them
    stage.name: stage
    for stage in (
        Stage("probe_media", "io"),
        Stage("make_rendition", "media", ("probe_media",)),
        Stage("make_pictures", "media", ("make_rendition",), needs="video", optional=True, version=2),
        Stage("extract_audio", "io", ("probe_media",), needs="audio", version=2),
        Stage("plan_chunks", "analysis", ("extract_audio",), needs="audio", version=2),
        Stage("transcribe_chunk", "asr", ("plan_chunks",), needs="audio", per_chunk=True, version=2),
        Stage("merge_transcript", "io", ("transcribe_chunk",), needs="audio"),
        Stage("find_speakers", "analysis", ("plan_chunks",), needs="audio", version=2),
        Stage("find_questions", "analysis", ("merge_transcript", "find_speakers"), needs="audio", version=2),
        Stage("find_activities", "analysis", ("find_questions", "make_pictures"), needs="audio"),
        Stage("measure_lesson", "analysis", ("find_activities",), needs="audio"),
        Stage("cut_clip", "media", optional=True, on_request=True),
        Stage("blur_clip", "media", needs="video", optional=True, on_request=True),
        Stage("hear_comment", "asr", optional=True, on_request=True),
    )
}
FIRST_STAGE = "probe_media"  # an upload adds its step
QUEUES: tuple[Queue, ...] = tuple(sorted({stage.queue for stage in STAGES.values()}))


def stages_before(name: str) -> set[str]:
    """Return every stage that a stage waits for, at any distance."""
    return {before for direct in STAGES[name].after for before in (direct, *stages_before(direct))}
