import { expect, test } from "vitest";
import type { Room } from "../api/types";
import { correction } from "./follow";
import { isOtherFilm, saysHereAgain, Steering, type Order } from "./steering";

const room = (set: Partial<Room>): Room => ({
  position_ms: 0,
  at: 0,
  playing: false,
  speed: 1,
  number: 1,
  steered_by: "priya",
  ...set,
});
const order = (position_ms: number): Order => ({ playing: true, position_ms, speed: 1, at: 5 });

/** A server whose answers a test gives itself. */
function slow() {
  const answers: { give: (room: Room) => void; refuse: (error: Error) => void }[] = [];
  const post = () => new Promise<Room>((give, refuse) => answers.push({ give, refuse }));
  return { answers, post };
}

test("an order counts from the moment it is given, and is the room's once the server has answered", async () => {
  const { answers, post } = slow();
  const steering = new Steering(room({}), "tom");
  const sent = steering.send(order(5000), post);
  expect(steering.room).toMatchObject({ position_ms: 5000, playing: true, steered_by: "tom" });
  answers[0]!.give(room({ position_ms: 5000, playing: true, number: 2, steered_by: "tom" }));
  await sent;
  expect(steering.room).toMatchObject({ position_ms: 5000, number: 2 });
});

test("orders that never arrived count for nothing, and the other's next one holds", async () => {
  const { answers, post } = slow();
  const steering = new Steering(room({ position_ms: 700 }), "tom");
  const sent = [1, 2, 3, 4].map((n) => steering.send(order(n * 1000), post));
  for (const each of answers) each.refuse(new Error("no network"));
  await Promise.allSettled(sent);
  expect(steering.room).toMatchObject({ position_ms: 700, number: 1, steered_by: "priya" });
  steering.take(room({ position_ms: 900, number: 2 }));
  expect(steering.room.position_ms).toBe(900);
});

test("a speed that the room refuses is put back", async () => {
  const { answers, post } = slow();
  const steering = new Steering(room({}), "tom");
  const sent = steering.send({ ...order(5000), speed: 16 }, post);
  expect(correction(steering.room, order(5000).at, 5000).speed).toBe(16);
  answers[0]!.refuse(new Error("no such speed"));
  await expect(sent).rejects.toThrow();
  expect(correction(steering.room, order(5000).at, 5000).speed).toBe(1);
});

test("what the server said before changes nothing, in whatever order answers come", async () => {
  const { answers, post } = slow();
  const steering = new Steering(room({}), "tom");
  const sent = [steering.send(order(1000), post), steering.send(order(2000), post)];
  answers[1]!.give(room({ position_ms: 2000, number: 3 }));
  await sent[1];
  answers[0]!.give(room({ position_ms: 1000, number: 2 }));
  await sent[0];
  expect(steering.room.position_ms).toBe(2000);
});

test("an answer to an earlier order does not take back a later one", async () => {
  const { answers, post } = slow();
  const steering = new Steering(room({}), "tom");
  const sent = steering.send(order(1000), post);
  void steering.send(order(2000), post);
  answers[0]!.give(room({ position_ms: 1000, number: 2 }));
  await sent;
  expect(steering.room.position_ms).toBe(2000);
});

test("after a break of the line the room is where the server says", () => {
  const steering = new Steering(room({}), "tom");
  void steering.send(order(9000), slow().post);
  steering.forget();
  steering.take(room({ position_ms: 400, number: 1 }));
  expect(steering.room.position_ms).toBe(400);
});

test("a seek that a break of the line kept waiting is no order", () => {
  const steering = new Steering(room({}), "tom");
  steering.seekBegins();
  expect(steering.seekCounts).toBe(true);
  steering.forget(); // the line goes down
  expect(steering.seekCounts).toBe(false);
  steering.seekBegins();
  steering.forget(); // and is back
  expect(steering.seekCounts).toBe(false);
  steering.seekBegins();
  expect(steering.seekCounts).toBe(true);
});

test("who steers is said alike on both sides, also after an order that was refused", async () => {
  const { answers, post } = slow();
  const [tom, priya] = ["tom", "priya"].map((me) => new Steering(room({ steered_by: "" }), me)) as [Steering, Steering];
  const both = () => [tom.by, priya.by];
  expect(both()).toEqual(["nobody", "nobody"]);
  const sent = tom.send(order(1000), post);
  const after = room({ number: 2, steered_by: "tom" });
  answers[0]!.give(after);
  await sent;
  priya.take(after);
  expect(both()).toEqual(["me", "other"]);
  const refused = priya.send(order(2000), post);
  expect(priya.by).toBe("me");
  answers[1]!.refuse(new Error("no network"));
  await expect(refused).rejects.toThrow();
  expect(both()).toEqual(["me", "other"]);
  const later = room({ number: 3, steered_by: "priya" });
  for (const one of [tom, priya]) one.take(later);
  expect(both()).toEqual(["other", "me"]);
});

test("a page says again that its person is here when a second tab of hers said that she has left", () => {
  const me = { id: "tom", name: "Tom" };
  expect(saysHereAgain({ over: false, here: ["priya"], me }, false)).toBe(true);
  expect(saysHereAgain({ over: false, here: ["priya", "tom"], me }, false)).toBe(false);
  expect(saysHereAgain({ over: false, here: [], me }, true)).toBe(false); // nobody looks at this one
  expect(saysHereAgain({ over: true, here: [], me }, false)).toBe(false);
});

test("another film, or the first one, is another film; one that was taken back is none", () => {
  const film = (url: string | null) =>
    ({ media: url === null ? null : { url, mime: "", fps: 25, language: "en" } }) as never;
  expect(isOtherFilm(film("/a"), film("/b"))).toBe(true);
  expect(isOtherFilm(film(null), film("/a"))).toBe(true);
  expect(isOtherFilm(film("/a"), film("/a"))).toBe(false);
  expect(isOtherFilm(film("/a"), film(null))).toBe(false);
});
