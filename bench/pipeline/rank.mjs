// One rank of bench/pipeline/run.mjs. It evaluates loss and gradient whenever a line arrives at the first rank, which answers
// with the seconds they took and, of each rank, those in which it waited for others and those of processor time.
import { createInterface } from "node:readline";

import { init } from "../../dist/src/comm/index.js";
import { startBackend } from "../../dist/src/compute/backend.js";
import { labelled } from "../../dist/src/data/dataset.js";
import { Batch } from "../../dist/src/network/batch.js";
import { goalFor } from "../../dist/src/network/build.js";
import { createEvaluator } from "../../dist/src/network/evaluator.js";
import { resnet18 } from "../../dist/src/network/models/resnet18.js";
import { PipelineNetwork } from "../../dist/src/network/pipeline/network.js";
import { buildStage, takeWeights } from "../../dist/src/network/stages/build-stage.js";
import { planStages } from "../../dist/src/network/stages/plan.js";
import { stageGoal } from "../../dist/src/network/stages/stage-goal.js";
import { WholeNetwork } from "../../dist/src/network/whole-network.js";
import { Random } from "../../dist/src/random.js";

const SHAPE = [32, 32, 3];
const CLASSES = 10;
const { threads, images, microBatches, cut, megabytes } = JSON.parse(process.argv[2]);

const comm = await init();
const backend = await startBackend({ backend: "wasm", threads });
const random = new Random(0);
const samples = labelled({
  sampleShape: SHAPE,
  classes: CLASSES,
  features: Uint8Array.from({ length: images * 32 * 32 * 3 }, () => random.integer(256)),
  labels: Int32Array.from({ length: images }, () => random.integer(CLASSES)),
});
const model = resnet18(SHAPE, CLASSES, "cifar", new Random(1));
const goal = goalFor(model, { ...samples, name: "images" }, [], { name: "resnet18", builtIn: true });

/** The communicator of the stages, with a clock that runs while it waits for a message. */
const waited = { seconds: 0 };
const clocked = (pipeline) =>
  new Proxy(pipeline, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key !== "recv") return value.bind(target);
      return async (...args) => {
        const start = performance.now();
        const received = await target.recv(...args);
        waited.seconds += (performance.now() - start) / 1000;
        return received;
      };
    },
  });

async function networkInStages() {
  const pipeline = clocked(await comm.split(0, comm.rank));
  const replicas = await comm.split(comm.rank, 0);
  const limit = megabytes && { bytes: megabytes * 2 ** 20, isAsked: true };
  const usage = {
    vectors: 4,
    rows: Math.ceil(images / microBatches),
    canRetain: true,
    ...(limit && { limit }),
  };
  const plan = planStages(model, cut ? { ends: [cut] } : { stages: comm.size }, usage, "resnet18");
  const built = buildStage(model, plan, comm.rank);
  takeWeights(built, model);
  const evaluator = await createEvaluator(
    built.model,
    stageGoal(goal, plan, comm.rank, built.copies),
    backend,
  );
  const parts = {
    plan,
    evaluator,
    pipeline,
    replicas,
    goal,
    penalty: undefined,
    solvesLocally: false,
    retains: plan.stages[comm.rank].retains,
  };
  return { network: await PipelineNetwork.create(parts), plan };
}

async function wholeNetwork() {
  const evaluator = await createEvaluator(model, goal, backend);
  return { network: new WholeNetwork({ evaluator, penalty: undefined, comm, subdomains: [] }) };
}

const { network, plan } = await (comm.size > 1 ? networkInStages() : wholeNetwork());
const normalisations = [{ mean: [128, 128, 128], deviation: [70, 70, 70] }];
const groupRows = Math.ceil(images / microBatches); // what batch normalisation sees at once
const batch = new Batch(samples, { normalisations, ...network.reading }, { groupRows });
const { objective } = network.problem("all", batch);
const theta = network.parameters();
const gradient = new Float32Array(theta.length);

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const each = `${comm.size > 1 ? "each of " : ""}${threads} thread${threads > 1 ? "s" : ""}`;
const first = plan?.stages[0];
const what = first
  ? `two stages (the first ends with ${first.layers.at(-1)} and ${first.retains ? "retains" : "computes again"} its results) on two ranks, ${each}`
  : `one rank, ${each}`;
const lines = comm.rank === 0 ? createInterface({ input: process.stdin })[Symbol.asyncIterator]() : undefined;
if (lines) say({ what });
for (;;) {
  const goesOn = await comm.broadcastObject(lines && !(await lines.next()).done);
  if (!goesOn) break;
  waited.seconds = 0;
  const [start, used] = [performance.now(), process.cpuUsage()];
  await objective.gradient(theta, gradient);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(used);
  const ranks = await comm.allgatherObject({ waited: waited.seconds, used: (user + system) / 1e6 });
  if (lines) say({ seconds, ranks });
}
await comm.close();
