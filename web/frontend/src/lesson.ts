/** The review page: puts its components together and keeps them current. */
import { LessonActivities } from "./activities";
import { ask } from "./api/client";
import type { Comment, LessonPage } from "./api/types";
import { CommentComposer, LessonComments, sendWaiting } from "./comments";
import { LessonCorrections } from "./corrections";
import { TalkLanes } from "./lanes";
import { LessonMeasures } from "./measures";
import { TrustPill } from "./pill";
import { LessonPlayer } from "./player";
import { follow, StepProgress } from "./steps";
import { LessonTranscript } from "./transcript";

const read = <T,>(id: string): T => JSON.parse(document.getElementById(id)!.textContent!) as T;
const part = <T extends Element>(kind: new () => T, name: string): T => {
  const element = document.querySelector(name);
  if (!(element instanceof kind)) throw new Error(`no <${name}> on this page`);
  return element;
};

let page = read<LessonPage>("lesson-data");
const address = `/api/lessons/${page.lesson.id}`;
const player = part(LessonPlayer, "lesson-player");
const lanes = part(TalkLanes, "talk-lanes");
const transcript = part(LessonTranscript, "lesson-transcript");
const comments = part(LessonComments, "lesson-comments");
const composer = part(CommentComposer, "comment-composer");
const measures = part(LessonMeasures, "lesson-measures");
const activities = part(LessonActivities, "lesson-activities");
const corrections = part(LessonCorrections, "lesson-corrections");
const steps = part(StepProgress, "step-progress");
const pill = part(TrustPill, "trust-pill");
for (const each of [lanes, transcript, comments, composer, measures, activities]) each.player = player;
activities.corrections = corrections;
transcript.correct = measures.correct = (turn) => corrections.open(turn);
steps.lessonId = comments.lessonId = page.lesson.id;

function show(): void {
  if (page.media && page.lesson.kind) player.open(page.lesson.kind, page.media.url, page.captions_url, page.poster_url, page.lesson.id, page.media.fps);
  lanes.show(page);
  transcript.show(page);
  corrections.show(page);
  activities.show(page);
  measures.show(page);
  comments.show(page.comments);
  steps.show({ steps: page.steps, playable: page.lesson.playable, kind: page.lesson.kind, media: page.media });
  steps.hidden = page.steps.length > 0 && page.steps.every((step) => step.state === "done");
}

async function refreshComments(): Promise<void> {
  page.comments = await ask<Comment[]>("GET", `${address}/comments`);
  comments.show(page.comments);
  lanes.draw();
}

let asked = 0;
/** Fetch the page anew; an answer that was overtaken by a later one is not shown. */
async function refresh(): Promise<void> {
  const mine = ++asked;
  const newer = await ask<LessonPage>("GET", address);
  if (mine !== asked) return;
  page = newer;
  show();
}

corrections.refresh = measures.refresh = refresh;
comments.refresh = composer.refresh = refreshComments;
player.moments = () => [...page.questions, ...page.comments].map((each) => each.start_ms).sort((a, b) => a - b);
show();
composer.show(page);
pill.show(page, read("partnership-data"));

follow(page.lesson.id, (kind) => {
  if (kind === "gone") location.assign("/");
  else if (kind === "comment") void refreshComments();
  else void refresh();
});
addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.matches("input, textarea, select");
  if (event.key === "e" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) transcript.correctNow();
});
addEventListener("online", () => void sendWaiting().then(refreshComments));
void sendWaiting();

function tick(): void {
  transcript.follow(player.ms);
  lanes.draw();
}
setInterval(() => player.media && !player.media.paused && tick(), 100);
player.addEventListener("seeked", tick, true);

const tabs = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
function choose(tab: HTMLElement): void {
  for (const each of tabs) {
    each.setAttribute("aria-selected", String(each === tab));
    each.tabIndex = each === tab ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")!)!.hidden = each !== tab;
  }
}
tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = tabs[(i + by + tabs.length) % tabs.length]!;
    choose(next);
    next.focus();
  });
});
choose(tabs[0]!);
