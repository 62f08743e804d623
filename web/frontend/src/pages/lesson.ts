/** The review page: puts its components together and keeps them current. */
import { LessonActivities } from "../components/activities";
import { ask, isClosed } from "../api/client";
import type { Comment, LessonPage } from "../api/types";
import { LessonClips } from "../components/clips";
import { leave } from "../browser/whose_page";
import { LessonComments } from "../components/comments/comments";
import { CommentComposer } from "../components/comments/composer";
import { LessonCorrections } from "../components/corrections";
import { keepPlace, make } from "../components/dom";
import { GoalMoments } from "../components/goals";
import { TalkLanes } from "../timeline/lanes";
import { LessonMeasures } from "../components/measures";
import { TrustPill } from "../components/pill";
import { LessonPlayer, momentOfAddress, type Span } from "../player/player";
import { follow } from "../live/page";
import { Refetch } from "../live/refetch";
import { mark } from "../outbox/comments";
import { outbox, TAKEN } from "../outbox/outbox";
import { StepProgress } from "../live/steps";
import { tabs } from "../components/tabs";
import { LessonTranscript } from "../components/transcript";
import { messageOf } from "../text/error_message";
import { clock } from "../text/times";
import { words } from "../text/words";

const read = <T>(id: string): T => JSON.parse(document.getElementById(id)!.textContent) as T;
const part = <T extends Element>(kind: new () => T, name: string): T => {
  const element = document.querySelector(name);
  if (!(element instanceof kind)) throw new Error(`no <${name}> on this page`);
  return element;
};

let page = read<LessonPage>("lesson-data");
const partnerships = read<{ id: string; other: string }[]>("partnership-data");
const address = `/api/lessons/${page.lesson.id}`;
const player = part(LessonPlayer, "lesson-player");
const lanes = part(TalkLanes, "talk-lanes");
const transcript = part(LessonTranscript, "lesson-transcript");
const comments = part(LessonComments, "lesson-comments");
const composer = part(CommentComposer, "comment-composer");
const measures = part(LessonMeasures, "lesson-measures");
const goals = part(GoalMoments, "goal-moments");
const clips = part(LessonClips, "lesson-clips");
const activities = part(LessonActivities, "lesson-activities");
const corrections = part(LessonCorrections, "lesson-corrections");
const steps = part(StepProgress, "step-progress");
const pill = part(TrustPill, "trust-pill");
for (const each of [lanes, transcript, comments, composer, measures, activities, goals, clips]) each.player = player;
activities.corrections = corrections;
transcript.correct = measures.correct = (turn) => corrections.open(turn);
steps.lessonId = page.lesson.id;
comments.address = address;

function show(): void {
  if (page.media && page.lesson.kind)
    player.open(
      page.lesson.kind,
      page.media.url,
      page.captions_url,
      page.poster_url,
      `${address}/place`,
      momentOfAddress() ?? page.place_ms,
      page.media.fps,
      page.media.language,
    );
  lanes.show(page);
  transcript.show(page);
  corrections.show(page);
  activities.show(page);
  measures.show(page);
  goals.show(page);
  clips.show(page.lesson.id, page.clips, partnerships);
  comments.show(page.comments);
  pill.querySelector("button")!.textContent = page.pill;
  if (page.lesson.is_owner)
    pill.show(
      {
        address,
        what: "lesson",
        shares: page.shares,
        takeBackAt: (share) => `/api/shares/${share.id}`,
        clips: page.clips,
        more: ownersChoices,
      },
      partnerships,
    );
  steps.show({ steps: page.steps, playable: page.lesson.playable, kind: page.lesson.kind, media: page.media });
  steps.hidden = page.steps.length > 0 && page.steps.every((step) => step.state === "done");
}

let askedComments = 0;
async function refreshComments(): Promise<void> {
  const mine = ++askedComments;
  const newer = await ask<Comment[]>("GET", `${address}/comments`);
  if (mine !== askedComments) return;
  page.comments = newer;
  comments.show(page.comments);
  lanes.show(page);
}

let asked = 0;
/** Fetch the page anew; an answer that was overtaken by a later one is not shown. */
async function refresh(): Promise<void> {
  const mine = ++asked;
  const newer = await ask<LessonPage>("GET", address);
  if (mine !== asked) return;
  page = newer;
  keepPlace(document.getElementById("main")!, show);
}

corrections.refresh = measures.refresh = refresh;
comments.refresh = refreshComments;
player.moments = () => [...page.questions, ...page.comments].map((each) => each.start_ms).sort((a, b) => a - b);
const LONG_SILENCE = 2000; // ms from which skipping is worth it
player.silences = () => {
  const silences: Span[] = [];
  let end = 0;
  for (const turn of page.turns) {
    if (turn.start_ms - end > LONG_SILENCE) silences.push([end, turn.start_ms]);
    end = Math.max(end, turn.end_ms);
  }
  return page.turns.length ? silences : [];
};

/** What the owner of a lesson can do besides sharing it: let its coaches meet, and delete it. */
function ownersChoices(act: (work: Promise<unknown>) => void, say: (sentence: string) => void): HTMLElement[] {
  const meet = make("input", { type: "checkbox", checked: page.coaches_meet });
  meet.addEventListener("change", () => act(ask("PUT", `${address}/coaches-meet`, { allowed: meet.checked })));
  const title = make("input", { ariaLabel: "The lesson's title, to delete it" });
  const remove = make("button", { type: "button" }, "Delete this lesson");
  remove.addEventListener(
    "click",
    () =>
      void ask("DELETE", address, { title: title.value }).then(
        () => location.assign("/?notice=lesson-deleted"),
        (error: unknown) => say(messageOf(error)),
      ),
  );
  return [
    ...(page.shares.length > 1
      ? [make("label", { className: "check" }, meet, "From now on these coaches may read each other's comments here")]
      : []),
    make(
      "details",
      {},
      make("summary", {}, "Delete this lesson"),
      make("p", {}, "Type its title. It can be brought back for a week."),
      title,
      remove,
    ),
  ];
}

const bar = document.getElementById("range")!;
/** What can be done with the range that is selected on the lanes or in the words. */
function offer(range: Span | null): void {
  player.loop(range);
  bar.hidden = range === null;
  if (!range) return;
  const button = (text: string, act: () => void) => {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", act);
    return made;
  };
  bar.replaceChildren(
    make("span", { className: "figure" }, words.selectedRange(clock(range[0]), clock(range[1]))),
    button(words.listen, () => player.seek(range[0])),
    button(words.commentOnIt, () => composer.begin(range)),
    ...(page.lesson.is_owner
      ? [
          button(words.makeClip, () => {
            choose(document.getElementById("tab-clips")!);
            clips.name(range);
          }),
        ]
      : []),
    button(words.selectNothing, () => lanes.select(null)),
  );
}
lanes.selected = offer;
transcript.selected = (range) => lanes.select(range);

const SHOWN_FOR = 8000; // ms
const said = document.getElementById("said")!;
let shown: ReturnType<typeof setTimeout> | undefined;
/** Say something for a while, wherever she looks. */
function say(sentence: string): void {
  clearTimeout(shown);
  said.textContent = sentence;
  shown = setTimeout(() => (said.textContent = ""), SHOWN_FOR);
}
player.say = say;
player.keys = {
  c: () => composer.begin(lanes.range),
  e: () => transcript.correctNow(),
  i: () => lanes.select([player.ms, lanes.range && lanes.range[1] > player.ms ? lanes.range[1] : player.ms + 5000]),
  o: () => lanes.select([lanes.range && lanes.range[0] < player.ms ? lanes.range[0] : player.ms - 5000, player.ms]),
  m: () => {
    const ms = player.ms;
    void mark(address, ms).then((sent) => say(words.sentHow[sent] || words.markKept(clock(ms))));
  },
  ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [String(n), () => goals.play(n - 1)])),
};
show();
composer.show(address, page.audiences, page.lesson.is_owner, address);
composer.sent = () => lanes.select(null); // the next comment is not about it

const gone = () => void leave(address, page.lesson.is_owner ? "/" : "/?notice=taken-back");
const closed = (error: unknown) => isClosed(error) && (gone(), true);
const [all, talk] = [new Refetch(refresh, closed), new Refetch(refreshComments, closed)];
follow(`lesson:${page.lesson.id}`, {
  kind: (kind) => {
    if (kind === "gone") gone();
    else if (kind === "comment") talk.ask();
    else all.ask();
  },
  line: (isOpen) => void (isOpen && outbox.send()),
});
addEventListener("hashchange", () => player.seek(momentOfAddress() ?? player.ms, false));
document.addEventListener(TAKEN, () => talk.ask());

function tick(): void {
  composer.follow();
  transcript.follow(player.ms);
  lanes.draw();
}
setInterval(() => player.media && !player.media.paused && tick(), 100);
player.addEventListener("seeked", tick, true);

const choose = tabs();
