/** Shows only some comments: by person, kind, goal and stage, of those that occur. Its fields stay while it changes. */
import type { Comment } from "../../api/types";
import { words } from "../../text/words";
import { arrange, make } from "../dom";

type Name = "author" | "kind" | "goal" | "stage";
const ANY: Record<Name, string> = {
  author: words.anyone,
  kind: words.anyKind,
  goal: words.anyGoal,
  stage: words.anyStage,
};
const NAMES = Object.keys(ANY) as Name[];

/** What there is to choose from: each value with its text. One value alone is no choice. */
export function choicesOf(all: Comment[]): Record<Name, Map<string, string>> {
  const top = all.filter((one) => !one.parent_id);
  const choices = {
    author: new Map(all.map((one) => [one.author.id, one.author.name])),
    kind: new Map(top.map((one) => [one.kind, one.kind])),
    goal: new Map(top.flatMap((one) => (one.goal ? [[one.goal.id, one.goal.title] as const] : []))),
    stage: new Map(top.flatMap((one) => (one.stage ? [[one.stage, one.stage] as const] : []))),
  };
  for (const name of NAMES) if (choices[name].size < 2) choices[name].clear();
  return choices;
}

export class CommentFilters {
  readonly element = make("details", { className: "filters" });
  private summary = make("summary");
  private fields = Object.fromEntries(
    NAMES.map((name) => [name, make("select", { ariaLabel: ANY[name] }, option("", ANY[name]))]),
  ) as Record<Name, HTMLSelectElement>;

  constructor(changed: () => void) {
    for (const field of Object.values(this.fields)) field.addEventListener("change", changed);
    this.element.append(this.summary, make("div", { className: "row" }, ...Object.values(this.fields)));
  }

  /** Offer what occurs in these comments; what is chosen stays chosen. */
  offer(all: Comment[]): void {
    const choices = choicesOf(all);
    for (const name of NAMES) {
      const field = this.fields[name];
      const known = new Map([...field.options].map((one) => [one.value, one]));
      const kept = field.value && known.get(field.value)!.text;
      const wanted = new Map([["", ANY[name]], ...choices[name], ...(kept ? [[field.value, kept] as const] : [])]);
      arrange(
        field,
        [...wanted].map(([value, text]) => known.get(value) ?? option(value, text)),
      );
      field.hidden = wanted.size < 2;
    }
    this.element.hidden = Object.values(this.fields).every((field) => field.hidden);
  }

  fits(one: Comment): boolean {
    const is = { author: one.author.id, kind: one.kind, goal: one.goal?.id, stage: one.stage };
    return NAMES.every((name) => !this.fields[name].value || this.fields[name].value === is[name]);
  }

  /** Say how many are shown. */
  tell(shown: number, all: number): void {
    const isOn = Object.values(this.fields).some((field) => field.value);
    const text = isOn ? words.filtered(shown, all) : words.filter;
    if (this.summary.textContent !== text) this.summary.textContent = text;
  }
}

function option(value: string, text: string): HTMLOptionElement {
  return make("option", { value }, text);
}
