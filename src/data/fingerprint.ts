import { createHash } from "node:crypto";
import { blocksOf, type Dataset } from "./dataset.js";
import { headerOf } from "./dataset-file.js";

/** SHA-256 of samples: of all their values, wherever they are, and of what is said of them. */
export function fingerprintOf(dataset: Dataset): string {
  const fields = [
    ...dataset.inputs,
    ...dataset.targets,
    ...dataset.targets.flatMap(({ weights }) => weights ?? []),
  ];
  const hash = createHash("sha256").update(JSON.stringify(headerOf(dataset)));
  for (const field of fields) for (const block of blocksOf(field)) hash.update(block);
  return hash.digest("hex");
}
