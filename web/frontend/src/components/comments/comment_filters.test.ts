import { expect, test } from "vitest";
import type { Comment } from "../../api/types";
import { choicesOf } from "./comment_filters";

const comment = (set: object): Comment =>
  ({ author: { id: "tom", name: "Tom" }, kind: "noticed", goal: null, stage: "", parent_id: null, ...set }) as Comment;

test("where all are alike there is nothing to choose, so no filter opens to an empty row", () => {
  const choices = choicesOf([comment({ stage: "G" }), comment({ stage: "G" }), comment({})]);
  expect(Object.values(choices).map((values) => values.size)).toEqual([0, 0, 0, 0]);
});

test("what differs can be chosen; who only replies is somebody too", () => {
  const reply = comment({ author: { id: "priya", name: "Priya" }, parent_id: "1", kind: "question" });
  const choices = choicesOf([comment({ id: "1" }), comment({ kind: "suggestion" }), reply]);
  expect([...choices.author.values()]).toEqual(["Tom", "Priya"]);
  expect([...choices.kind.keys()]).toEqual(["noticed", "suggestion"]);
  expect([choices.goal.size, choices.stage.size]).toEqual([0, 0]);
});
