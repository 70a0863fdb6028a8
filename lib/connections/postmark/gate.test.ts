import { expect, test } from "vitest";
import { Gate } from "./gate";

test("lets no more in than agreed, and the longest waiting first", async () => {
  const gate = new Gate(2);
  const order: number[] = [];
  let inside = 0;
  let most = 0;
  const visit = async (number: number) => {
    expect(await gate.enter(5000)).toBe(true);
    inside += 1;
    most = Math.max(most, inside);
    order.push(number);
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    gate.leave();
  };
  await Promise.all([1, 2, 3, 4, 5, 6].map(visit));
  expect(most).toBe(2);
  expect(order).toEqual([1, 2, 3, 4, 5, 6]);
});

test("who waits in vain is told so, and takes nobody's place", async () => {
  const gate = new Gate(1);
  expect(await gate.enter(0)).toBe(true);
  expect(await gate.enter(5)).toBe(false);
  gate.leave();
  expect(await gate.enter(0)).toBe(true);
  gate.leave();
  expect(await Promise.all([gate.enter(0), gate.enter(5)])).toEqual([true, false]);
});
