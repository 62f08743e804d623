import { expect, test } from "vitest";
import { Kept } from "../browser/kept";
import { FakeStorage } from "./fake_storage";
import { seeAnswer } from "./forms";

test("a form that was sent after the session ended waits for its person, and one that was taken does not", () => {
  const mine = new Kept("tom", new FakeStorage());
  const posted = { name: "draft:form:/me:/me/called:0", typed: { called: "Tom" } };
  mine.write("posted", posted);
  seeAnswer(false, mine);
  expect([mine.read(posted.name), mine.read("posted")]).toEqual([posted.typed, undefined]);
  mine.remove(posted.name);
  mine.write("posted", posted);
  seeAnswer(true, mine);
  seeAnswer(false, mine);
  expect(mine.names()).toEqual([]);
});
