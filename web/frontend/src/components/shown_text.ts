/** The text of an element as it is shown: a browser that translates puts other nodes where one piece of text stood. */
import type { Place } from "../text/search";

export class ShownText {
  private pieces: { node: Node; start: number }[] = [];
  readonly text: string = "";

  /** `within` may hold buttons of ours, which are no part of its text. */
  constructor(within: Element) {
    const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement?.closest("button")) continue;
      this.pieces.push({ node, start: this.text.length });
      this.text += node.textContent ?? "";
    }
  }

  /** The range of a place, or null when there is no text. */
  range([start, end]: Place): Range | null {
    const from = this.pieces.findLast((one) => one.start <= start);
    const to = this.pieces.findLast((one) => one.start < end) ?? from;
    if (!from || !to || end > this.text.length) return null;
    const range = new Range();
    range.setStart(from.node, start - from.start);
    range.setEnd(to.node, end - to.start);
    return range;
  }

  /** The place of an offset in one of its nodes, or null when that is none of its text. */
  placeOf(node: Node, offset: number): number | null {
    const piece = this.pieces.find((one) => one.node === node);
    return piece ? piece.start + offset : null;
  }
}
