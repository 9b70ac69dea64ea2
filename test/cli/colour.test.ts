import { expect, it } from "vitest";
import { runApts } from "../helpers/apts.js";

it("writes no colours into pipes, even where a CI environment promises to show them", async () => {
  const { code, stderr } = await runApts(["train", "--ranks", "0"], { environment: { CI: "true" } });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^apts: Expected --ranks/);
});
