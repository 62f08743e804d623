/** The field that says who can read a comment. */
import type { Audience } from "../../api/types";
import { firstAudience, NOT_CHOSEN, ONLY_ME } from "../../text/audience";
import { words } from "../../text/words";
import { make } from "../dom";

/** Return the field: the writer alone, and each partnership; what it starts at is shared with nobody by a default. */
export function audienceChoice(isOwner: boolean, audiences: Audience[]): HTMLSelectElement {
  const option = (value: string, text: string) => make("option", { value }, text);
  const first = firstAudience(isOwner, audiences);
  const readers = audiences.map((each) => option(each.partnership_id, words.youAnd(each.label)));
  const onlyMe = option(ONLY_ME, words.onlyMe);
  const choice = make(
    "select",
    { ariaLabel: words.whoReads },
    ...(isOwner ? [onlyMe, ...readers] : [...readers, onlyMe]),
  );
  if (first === NOT_CHOSEN) choice.prepend(option(NOT_CHOSEN, words.chooseReader));
  choice.value = first;
  return choice;
}
