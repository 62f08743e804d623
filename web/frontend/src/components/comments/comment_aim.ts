/** The fields that say who reads a comment and what it is about: kind, goal, GROW stage. */
import type { Audience } from "../../api/types";
import { goalsFor, type Aim } from "../../outbox/writing";
import { ONLY_ME } from "../../text/audience";
import { audienceChoice } from "./audience_choice";
import { make } from "../dom";

const KINDS = ["noticed", "question", "suggestion"];
const STAGES = ["G", "R", "O", "W"];

export class CommentAim {
  readonly fields: HTMLSelectElement[];
  readonly who: HTMLSelectElement;
  private kind = choice("Kind", ...KINDS.map((each) => option(each, each)));
  private goal = choice("Goal");
  private stage = choice("GROW stage", option("", "–"), ...STAGES.map((each) => option(each, each)));

  constructor(
    isOwner: boolean,
    private audiences: Audience[],
  ) {
    this.who = audienceChoice(isOwner, audiences);
    this.who.addEventListener("change", () => this.offerGoals());
    this.offerGoals();
    this.fields = [this.kind, this.goal, this.stage, this.who];
  }

  get chosen(): Aim {
    return { audience: this.who.value, kind: this.kind.value, goal: this.goal.value, stage: this.stage.value };
  }

  /** Choose again what was chosen for words that were half written. Readers who are not there any more are nobody. */
  choose({ audience, kind, goal, stage }: Aim): void {
    select(this.who, audience, ONLY_ME);
    this.offerGoals();
    select(this.kind, kind, KINDS[0]!);
    select(this.goal, goal, "");
    select(this.stage, stage, "");
  }

  /** The next comment: its readers and its goal stay. */
  next(): void {
    [this.kind.value, this.stage.value] = [KINDS[0]!, ""];
  }

  /** Choose a goal (Alt and its number) or a GROW stage (Alt and its letter), and choose it away again. */
  pick(chosen: string | null): boolean {
    const { goal, stage } = this;
    const letter = /^[grow]$/.exec(chosen ?? "")?.[0].toUpperCase();
    const number = Number(/^[1-9]$/.exec(chosen ?? "")?.[0]);
    if (letter) stage.value = stage.value === letter ? "" : letter;
    else if (number && number < goal.options.length) goal.selectedIndex = goal.selectedIndex === number ? 0 : number;
    else return false;
    return true;
  }

  private offerGoals(): void {
    const chosen = this.goal.value;
    const goals = goalsFor(this.who.value, this.audiences);
    this.goal.replaceChildren(option("", "no goal"), ...goals.map((each) => option(each.id, each.title)));
    select(this.goal, chosen, "");
  }
}

const option = (value: string, text: string) => make("option", { value }, text);
const choice = (name: string, ...options: HTMLOptionElement[]) => make("select", { ariaLabel: name }, ...options);

function select(field: HTMLSelectElement, value: string, otherwise: string): void {
  field.value = [...field.options].some((one) => one.value === value) ? value : otherwise;
}
