/** The page of one clip: its film and its words, and nothing else of the lesson. */
import type { ClipPage } from "./api/types";
import { LessonPlayer } from "./player";
import { LessonTranscript } from "./transcript";

const clip = JSON.parse(document.getElementById("clip-data")!.textContent!) as ClipPage;
const player = document.querySelector<LessonPlayer>("lesson-player")!;
const transcript = document.querySelector<LessonTranscript>("lesson-transcript")!;
transcript.player = player;
if (clip.media) player.open(clip.media.mime.startsWith("video/") ? "video" : "sound", clip.media.url, clip.captions_url, null, "", 0, clip.media.fps);
else setTimeout(() => location.reload(), 3000);
transcript.show({ turns: clip.turns, speakers: [], lesson: { is_owner: false } });
const tick = () => transcript.follow(player.ms);
setInterval(() => player.media && !player.media.paused && tick(), 100);
player.addEventListener("seeked", tick, true);
