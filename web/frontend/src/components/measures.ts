/** <lesson-measures>: each measure in a plain sentence, with a way to hear every interval that it counts. */
import { ask } from "../api/client";
import type { LessonPage, Turn } from "../api/types";
import { make } from "./dom";
import { timeLink, type LessonPlayer } from "../player/player";
import { messageOf } from "../text/error_message";
import { measureSentences, type Measured } from "../text/measures";
import { clock } from "../text/times";
import { words } from "../text/words";

type Spans = [number, number][];

export class LessonMeasures extends HTMLElement {
  player!: LessonPlayer;
  refresh: () => Promise<void> = () => Promise.resolve();
  correct: (turn: Turn) => void = () => undefined;
  private playing = 0;

  show(page: LessonPage): void {
    const m = page.measures as (Measured & { heard_in: Record<string, Spans> }) | null;
    const asked = make(
      "ul",
      { id: "questions" },
      ...page.questions.map((q) =>
        make(
          "li",
          {},
          timeLink(q.start_ms, this.player),
          ` ${q.text} `,
          make(
            "small",
            {},
            [
              q.role,
              q.kind,
              ...(q.confidence < 0.5 ? ["unsure"] : []),
              ...(q.wait_1_ms === null ? [] : [`${(q.wait_1_ms / 1000).toFixed(1)} s to think`]),
            ].join(", "),
          ),
          ...this.putRight(page, q.start_ms, q.speaker),
        ),
      ),
    );
    if (page.guess.wanted) return this.offerGuess(page.lesson.id);
    if (!m)
      return this.replaceChildren(
        make(
          "p",
          { className: "quiet" },
          page.lesson.is_owner ? words.notMeasured : words.notShown(page.lesson.owner.name),
        ),
        asked,
      );
    const cards = measureSentences(m, page.guess.share).map(([name, sentence]) => {
      const card = make("div", { className: "measure" }, make("p", {}, sentence));
      const spans = m.heard_in[name] ?? [];
      if (spans.length && name !== "silence_ms") card.append(this.listen(spans));
      return card;
    });
    this.replaceChildren(
      make("p", { className: "quiet" }, "Found by the machine from the sound; it can be wrong. Listen and judge."),
      ...cards,
      make("h2", {}, `${page.questions.length} questions`),
      asked,
    );
  }

  /** The owner's way from a question to what is wrong with it. */
  private putRight(page: LessonPage, ms: number, speaker: string): HTMLElement[] {
    const turn = page.turns.find((one) => one.start_ms <= ms && one.end_ms > ms && one.speaker === speaker);
    if (!page.lesson.is_owner || !turn) return [];
    const button = make(
      "button",
      { type: "button", className: "plain", ariaLabel: words.wrongAt(clock(ms)) },
      words.whatIsWrong,
    );
    button.addEventListener("click", () => this.correct(turn));
    return [button];
  }

  /** Guess, then see: once for each lesson, and never a must. */
  private offerGuess(lessonId: string): void {
    if (this.querySelector("form.guess")) return; // she is at it
    const share = make("input", { type: "range", id: "guess", min: "0", max: "100", value: "50" });
    const shown = make("output", {}, words.percent(50));
    share.addEventListener("input", () => (shown.textContent = words.percent(Number(share.value))));
    const said = make("p", { role: "status", className: "quiet" });
    const answer = (value: number | null) =>
      void ask("POST", `/api/lessons/${lessonId}/guess`, { share: value }).then(
        this.refresh,
        (error: unknown) => (said.textContent = messageOf(error)),
      );
    const skip = make("button", { type: "button", className: "plain" }, words.skip);
    skip.addEventListener("click", () => answer(null));
    const form = make(
      "form",
      { className: "guess" },
      make("label", { htmlFor: "guess" }, words.guess),
      make("div", { className: "row" }, share, shown),
      make("div", { className: "row" }, make("button", { className: "primary" }, words.see), skip),
      said,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(Number(share.value) / 100);
    });
    this.replaceChildren(form);
  }

  private listen(spans: Spans): HTMLElement {
    const button = make("button", { type: "button" }, words.listen);
    const place = make("span", { className: "quiet", role: "status" });
    let isPlaying = false;
    const say = (isOn: boolean) => {
      isPlaying = isOn;
      button.textContent = isOn ? words.stop : words.listen;
    };
    const playOrStop = async () => {
      const mine = ++this.playing;
      if (isPlaying) {
        this.player.media?.pause();
        say(false);
        return;
      }
      say(true);
      for (const [i, [start, end]] of spans.entries()) {
        place.textContent = ` ${i + 1} of ${spans.length}`;
        this.player.seek(start);
        await new Promise<void>((over) => {
          const timer = setInterval(() => {
            if (mine === this.playing && this.player.ms < end) return;
            clearInterval(timer);
            over();
          }, 60);
        });
        if (mine !== this.playing) break;
      }
      if (mine === this.playing) this.player.media?.pause();
      say(false);
      place.textContent = "";
    };
    button.addEventListener("click", () => void playOrStop());
    return make("div", { className: "row" }, button, place);
  }
}
customElements.define("lesson-measures", LessonMeasures);
