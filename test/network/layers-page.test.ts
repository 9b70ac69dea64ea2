import { format, resolveConfig } from "prettier";
import { expect, it } from "vitest";
import { layersPage } from "../helpers/network/layers-page.js";
import { wasm } from "../helpers/network/networks.js";

it("docs/layers.md is what the code has", async () => {
  const { heap } = await wasm();
  const file = "../../docs/layers.md";
  const options = await resolveConfig(new URL(file, import.meta.url));
  const page = await format(layersPage(heap!), { ...options, parser: "markdown" });
  await expect(page).toMatchFileSnapshot(file);
});
