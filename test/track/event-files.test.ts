import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32, crc32c } from "../../src/track/crc32.js";
import {
  hyperParametersEvent,
  restartEvent,
  scalarsEvent,
  stepOf,
  versionEvent,
} from "../../src/track/tensorboard/events.js";
import { recordOf, recordsIn } from "../../src/track/tensorboard/records.js";
import { temporaryFolder } from "../helpers/apts.js";
import { eventsIn, hyperParametersIn } from "../helpers/track/event-files.js";

describe("CRC-32C", () => {
  // RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
  it.each([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 bytes 0xff", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["31 to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
    ["nothing", new Uint8Array(0), 0],
  ])("of %s is that of RFC 3720", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });
});

it("CRC-32 of 123456789 is that of the catalogue of CRCs", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

describe("records", () => {
  it("are read up to the one that is torn or has a wrong bit", () => {
    const written = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(written, fc.nat(), fc.nat(7), fc.boolean(), (datas, where, bit, isTorn) => {
        const records = datas.map(recordOf);
        const whole = Buffer.concat(records);
        expect([...recordsIn(whole)].map(({ data }) => [...data])).toEqual(datas.map((data) => [...data]));
        const at = where % whole.length;
        let end = 0;
        const before = records.findIndex((record) => (end += record.length) > at);
        const broken = isTorn ? whole.subarray(0, at) : Buffer.from(whole);
        if (!isTorn) broken[at]! ^= 1 << bit;
        const read = [...recordsIn(broken)];
        expect(read).toHaveLength(before);
        expect(read.at(-1)?.end ?? 0).toBe(end - records[before]!.length);
      }),
    );
  });
});

describe("events", () => {
  const written = (...events: Uint8Array[]): string => {
    const path = join(temporaryFolder(), "events.out.tfevents.1.host");
    writeFileSync(path, Buffer.concat(events.map(recordOf)));
    return path;
  };

  it("are what a reader by the published schema finds", () => {
    const scalars = { loss: 0.1, radius: null, val_größe: -3, gradient_norm: NaN };
    const path = written(versionEvent(), restartEvent(7), scalarsEvent(2 ** 40, scalars, "batch/"));
    const [version, restart, values] = eventsIn(path);
    expect(version).toMatchObject({ file_version: "brain.Event:2" });
    expect(restart).toMatchObject({ step: 7, session_log: { status: "START" } });
    expect(values).toMatchObject({
      step: 2 ** 40,
      summary: {
        value: [
          { tag: "batch/loss", simple_value: Math.fround(0.1) },
          { tag: "batch/val_größe", simple_value: -3 },
        ],
      },
    });
    expect(Math.abs(Date.now() / 1000 - values!.wall_time)).toBeLessThan(600);
  });

  it("say their steps", () => {
    for (const step of [1, 127, 128, 2 ** 31, 2 ** 40])
      expect(stepOf(scalarsEvent(step, { a: 1 }, ""))).toBe(step);
    expect(stepOf(versionEvent())).toBe(0);
    expect(stepOf(hyperParametersEvent({ epochs: 3 }))).toBe(0);
  });

  it("hold hyper-parameters as numbers, texts and truth values", () => {
    const hyperParameters = { epochs: 3, learningRate: 1e-3, method: "sapts", shuffle: true, fdl: false };
    const path = written(versionEvent(), hyperParametersEvent(hyperParameters));
    expect(hyperParametersIn(join(path, ".."))).toEqual(hyperParameters);
  });
});
