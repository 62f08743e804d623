/** The page of one clip: its film, its words and what is said about it, and nothing else of the lesson. */
import { ask, isClosed } from "../api/client";
import type { ClipPage, Comment } from "../api/types";
import { leave } from "../browser/whose_page";
import { LessonComments } from "../components/comments/comments";
import { CommentComposer } from "../components/comments/composer";
import { TrustPill } from "../components/pill";
import { LessonPlayer, momentOfAddress, type Span } from "../player/player";
import { follow } from "../live/page";
import { Refetch } from "../live/refetch";
import { outbox, TAKEN } from "../outbox/outbox";
import { tabs } from "../components/tabs";
import { LessonTranscript } from "../components/transcript";

const clip = JSON.parse(document.getElementById("clip-data")!.textContent) as ClipPage;
const address = `/api/clips/${clip.id}`;
const player = document.querySelector<LessonPlayer>("lesson-player")!;
const transcript = document.querySelector<LessonTranscript>("lesson-transcript")!;
const comments = document.querySelector<LessonComments>("lesson-comments")!;
const composer = document.querySelector<CommentComposer>("comment-composer")!;
for (const each of [transcript, comments, composer]) each.player = player;
comments.address = address;
function openFilm({ media, captions_url }: ClipPage): void {
  if (!media) return;
  player.open(
    media.mime.startsWith("video/") ? "video" : "sound",
    media.url,
    captions_url,
    null,
    "",
    momentOfAddress() ?? 0,
    media.fps,
    media.language,
  );
  transcript.lang = media.language;
  document.getElementById("cutting")?.remove();
}
openFilm(clip);
transcript.show({ turns: clip.turns, speakers: [], lesson: { is_owner: false } });

let said = clip.comments;
async function refresh(): Promise<void> {
  said = await ask<Comment[]>("GET", `${address}/comments`);
  comments.show(said);
}
comments.refresh = refresh;
comments.show(said);
composer.show(address, clip.audiences, clip.is_owner, null);
player.moments = () => said.map((each) => each.start_ms).sort((a, b) => a - b);
let selected: Span | null = null; // words
transcript.selected = (range) => (selected = range);
player.keys = { c: () => composer.begin(getSelection()?.isCollapsed === false ? selected : null) };
composer.sent = () => (selected = null);
if (clip.is_owner) {
  const partnerships = JSON.parse(document.getElementById("partnership-data")!.textContent) as {
    id: string;
    other: string;
  }[];
  document.querySelector<TrustPill>("trust-pill")!.show(
    {
      address,
      what: "clip",
      shares: clip.shares,
      takeBackAt: (share) => `${address}/shares/${share.partnership_id}`,
    },
    partnerships,
  );
}
const gone = () => void leave(address, clip.is_owner ? "/" : "/?notice=taken-back");
const closed = (error: unknown) => isClosed(error) && (gone(), true);
const talk = new Refetch(refresh, closed);
const film = new Refetch(async () => openFilm(await ask<ClipPage>("GET", address)), closed);
follow(`clip:${clip.id}`, {
  kind: (kind) => {
    if (kind === "gone") return gone();
    if (kind === "comment" || kind === "missed") talk.ask();
    if (kind !== "comment" && !player.media) film.ask(); // it may be cut by now
  },
  line: (isOpen) => void (isOpen && outbox.send()),
});
addEventListener("hashchange", () => player.seek(momentOfAddress() ?? player.ms, false));
document.addEventListener(TAKEN, () => talk.ask());
const tick = () => {
  composer.follow();
  transcript.follow(player.ms);
};
setInterval(() => player.media && !player.media.paused && tick(), 100);
player.addEventListener("seeked", tick, true);
tabs();
