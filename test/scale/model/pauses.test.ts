import { expect, test } from "vitest";

import { longestPauses, pausesWhereMet } from "../../../src/scale/model/pauses.js";

test("who meets in every step waits for the longest pause of each, who meets seldom for the longest sum of them", () => {
  const first = [4, 0, 0, 1, 9];
  const second = [0, 3, 2, 0];
  const [every, second2, fourth, ...more] = longestPauses([first, second]);
  expect(every).toBe((4 + 3 + 2 + 1) / 4);
  expect(second2).toBe((4 + 2) / 4);
  expect(fourth).toBe(5 / 4);
  expect(more).toEqual([]);
});

test("one rank's pauses are their mean, however often it meets nobody", () => {
  expect(longestPauses([[1, 0, 3, 4]])).toEqual([2, 2, 2]);
});

test("between the windows that were probed lies a line, and beyond the longest nothing more is known", () => {
  const pauses = [8, 6, 5];
  expect(
    [3, 1, 2 ** -0.5, 1 / 2, 1 / 4, 1 / 100, 0].map((meetings) => pausesWhereMet(pauses, meetings)),
  ).toEqual([8, 8, 7, 6, 5, 5, 5]);
});
