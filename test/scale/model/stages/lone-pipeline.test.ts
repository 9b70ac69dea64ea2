import { expect, test } from "vitest";

import { LonePipeline } from "../../../../src/scale/model/stages/lone-pipeline.js";
import { onGroup } from "../../../helpers/comm/groups.js";

const COPIES = 5;

test("a stage whose pipeline is cut sends to nobody and waits for nobody", async () => {
  await onGroup("memory", 2, async (comm) => {
    const lone = new LonePipeline(comm);
    const pipeline = (await lone.group.split(0, comm.rank))!;
    const copies = (await lone.group.split(comm.rank, 0))!;
    expect([lone.group.size, pipeline.size, pipeline.rank, copies.size]).toEqual([2, 2, comm.rank, 1]);
    expect(await pipeline.allreduce(Float64Array.of(1 + comm.rank), "sum")).toEqual(Float64Array.of(3));

    lone.cut();
    const other = 1 - comm.rank;
    expect(await pipeline.allreduce(Float64Array.of(1 + comm.rank), "sum")).toEqual(
      Float64Array.of(1 + comm.rank),
    );
    for (let i = 0; i < COPIES; i++) await pipeline.send(other, 0, new Float32Array(1 << 20)); // which nobody reads
    const come = await pipeline.recv(other, 1, new Float32Array(100));
    expect(come.every((value) => value > 0 && value < 1e-2)).toBe(true);
    expect(await pipeline.recv(other, 1, new Float32Array(100))).toEqual(come);
    // What is not of the pipeline goes on.
    expect(await lone.group.allgatherObject(comm.rank)).toEqual([0, 1]);
  });
});
