import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  configRecord,
  exitRecord,
  historyRecord,
  metricRecord,
  readRecord,
  runRecord,
  summaryRecord,
} from "../../src/track/wandb/messages.js";
import { FILE_HEAD, recordAt, recordsIn } from "../../src/track/wandb/records.js";

function fileOf(records: readonly Uint8Array[]): Buffer {
  let file = FILE_HEAD;
  for (const record of records) file = Buffer.concat([file, recordAt(file.length, record)]);
  return file;
}

/** What W&B's own writer makes of the same (DataStore of wandb/sdk/internal/datastore.py and its messages, 0.30.0). */
const OF_WANDB =
  "3a572642e1be008e80799a2600018a01230a0830613162326333641a0461707473420566697273746a01688a01060880e2cfaa063e52588f" +
  "2400012a220a0c0a0665706f636873820101330a120a066d6574686f6482010722736170747322614815af13000162110a046c6f73732205" +
  "65706f63683202180130ee330f22000112200a0c0a046c6f7373820103302e350a0b0a0565706f636882010131120308ac02e6b3e1111000" +
  "011a0e0a0c0a046c6f7373820103302e351b50aec608000192010508ff01100c";

describe("a .wandb file", () => {
  it("is byte for byte what W&B's own writer makes", () => {
    const written = fileOf([
      runRecord({ id: "0a1b2c3d", project: "apts", name: "first", host: "h", started: 1_700_000_000 }),
      configRecord({ epochs: 3, method: "sapts" }),
      metricRecord("loss", "epoch"),
      historyRecord(300, Object.entries({ loss: 0.5, epoch: 1 })),
      summaryRecord([["loss", 0.5]]),
      exitRecord(255, 12),
    ]);
    expect(written.toString("hex")).toBe(OF_WANDB);
  });

  // Sizes and SHA-256 of what that writer makes of records of so many bytes, the jth of a record of n being 7j + n mod 256.
  it.each([
    ["7 bytes", [32747, 5, 1], 32788, "fc28ee0cccb6ba75c548c37d593ac9b00fe7439074db9976ea44cc8878dca2e7"],
    ["6 bytes", [32748, 5], 32780, "45c67ab8bded46b92cdd23605dca9c38d890ec0b5094ae43d60804ad05d26b12"],
    ["nothing", [32754, 5], 32780, "35c3ac4574cf96bc12ab4d8cb35ee2c241803f63801130648b6771f14dd0464f"],
    [
      "parts",
      [100, 98304, 65486, 1],
      163961,
      "5f04932976a9146536b04f47bc3677c309209b94cfa85b57d7d08ee33db6feb4",
    ],
  ])(
    "goes on in the next block as that writer's does where %s of one are left",
    (_, sizes, bytes, sha256) => {
      const file = fileOf(sizes.map((n) => Uint8Array.from({ length: n }, (_, j) => 7 * j + n)));
      expect(file).toHaveLength(bytes);
      expect(createHash("sha256").update(file).digest("hex")).toBe(sha256);
      expect([...recordsIn(file)].map(({ data }) => data.length)).toEqual(sizes);
    },
  );

  it("is read up to the record that is torn or has a wrong bit", () => {
    const sizes = fc.array(fc.oneof(fc.nat(60), fc.integer({ min: 32_000, max: 70_000 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(
        sizes,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        (lengths, where, isTorn) => {
          const records = lengths.map((length) => new Uint8Array(length + 1).fill(length));
          const ends = records.map((_, i) => fileOf(records.slice(0, i + 1)).length);
          const whole = fileOf(records);
          const at = Math.floor(where * (whole.length - 1));
          const broken = isTorn ? whole.subarray(0, at) : Buffer.from(whole);
          if (!isTorn) broken[at]! ^= 1;
          const read = [...recordsIn(broken)];
          const before = at < FILE_HEAD.length ? 0 : ends.filter((end) => end <= at).length;
          // A wrong bit of the padding that a block may end with is no record's.
          expect(read.length).toBeGreaterThanOrEqual(before);
          for (const [i, { data, end }] of read.entries()) {
            expect(Buffer.compare(data, records[i]!)).toBe(0);
            expect(end).toBe(ends[i]);
          }
          if (isTorn) expect(read).toHaveLength(before);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("says of its records what a resumption asks", () => {
    expect(
      readRecord(
        historyRecord(2, [
          ["epoch", 3],
          ["_runtime", 0.5],
        ]),
      ).row,
    ).toEqual(
      new Map([
        ["epoch", 3],
        ["_runtime", 0.5],
      ]),
    );
    expect(readRecord(metricRecord("loss", "epoch"))).toEqual({ metric: "loss" });
    expect(readRecord(exitRecord(0, 1))).toEqual({ isExit: true });
    expect(readRecord(summaryRecord([["loss", 1]]))).toEqual({});
  });
});
