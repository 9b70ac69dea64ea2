/**
 * Seconds an epoch, at equal batches with Adam, of eight models: by apts on one and two ranks, by `model.fit` of
 * TensorFlow.js on its WebAssembly and plain backends, by PyTorch on one thread. One round of each after the other, so that
 * a busy machine slows all; medians.
 *
 *   npm run build
 *   node bench/models/run.mjs [MODEL …] [--rounds 3] [--seconds 20] [--json FILE]
 *
 * --seconds: what one round of TensorFlow.js or PyTorch may take; an epoch that takes longer is scaled up from its steps.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { train } from "../../dist/src/index.js";
import { gptBy } from "./gpt.mjs";
import { MODELS, samplesOf } from "./models.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "20" },
    json: { type: "string" },
  },
});
const names = positionals.length > 0 ? positionals : Object.keys(MODELS);
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** A process that answers every line with what an epoch took; undefined where it cannot. */
function peer(command, args) {
  const environment = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_CORETYPE: "SKYLAKEX" };
  const child = spawn(command, args, { env: environment, stdio: ["pipe", "pipe", "ignore"] });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    return done ? { error: "it ended" } : JSON.parse(value);
  };
  const ready = answer();
  return {
    async run() {
      const { error } = await ready;
      if (error) return { error };
      child.stdin.write("run\n");
      return answer();
    },
    stop: () => child.stdin.end(),
  };
}

/** apts: the later epochs of a short run, its first warming up. */
function ours(name, ranks) {
  const { default: tf } = library;
  return {
    async run() {
      const spec = MODELS[name];
      const { x, y } = samplesOf(spec);
      const tensor = (values, shape) => tf.tensor(values, [spec.count, ...shape]);
      const features = spec.inputs.map((shape, i) => tensor(x[i], shape));
      const targets = tensor(y, spec.targets.shape.length > 0 ? spec.targets.shape : [1]);
      const out = join(mkdtempSync(join(tmpdir(), "apts-bench-")), "run");
      const model = await spec.create(tf, gptBy);
      if (spec.loss && name !== "gpt") model.compile({ optimizer: "adam", loss: spec.loss });
      const loss = name === "gpt" ? "sparseSoftmaxCrossEntropy" : undefined; // tfjs-layers has none of logits
      const epochs = [];
      await train({
        model,
        data: { train: { features, targets } },
        loss,
        objective: spec.objective,
        method: "adam",
        batches: Math.ceil(spec.count / spec.batch),
        overlap: 0,
        epochs: 4,
        ranks,
        threads: 1,
        out,
        verbose: false,
        onEpoch: ({ seconds }) => void epochs.push(seconds),
      });
      rmSync(out, { recursive: true });
      tf.dispose([...features, targets]);
      return { seconds: (epochs[3] - epochs[0]) / 3 };
    },
    stop: () => undefined,
  };
}

const library = await import("@tensorflow/tfjs");
const { default: tf } = library;
await tf.setBackend("cpu");
tf.env().set("PROD", true);

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const rows = [];
for (const name of names) {
  const peers = {
    "apts, 1 rank": ours(name, 1),
    "apts, 2 ranks": ours(name, 2),
    "tfjs wasm": peer(process.execPath, [here("tfjs.mjs"), name, "wasm", values.seconds]),
    "tfjs cpu": peer(process.execPath, [here("tfjs.mjs"), name, "cpu", values.seconds]),
    PyTorch: peer("/usr/bin/python3", [here("torch_peer.py"), name, "1", values.seconds]),
  };
  const took = Object.fromEntries(Object.keys(peers).map((who) => [who, []]));
  const errors = {};
  // Code is compiled, memory is there.
  for (const who of ["tfjs wasm", "PyTorch"]) {
    const { error } = await peers[who].run();
    if (error) errors[who] = error;
  }
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [who, one] of Object.entries(peers)) {
      if (errors[who] || (who === "tfjs cpu" && (round > 0 || MODELS[name].slow))) continue; // slow, and steady
      const { seconds, error } = await one.run();
      if (error) errors[who] = error;
      else took[who].push(seconds);
    }
  }
  for (const one of Object.values(peers)) one.stop();
  const medians = Object.fromEntries(
    Object.entries(took).map(([who, list]) => [who, list.length > 0 ? median(list) : undefined]),
  );
  rows.push({ name, medians, errors });
  console.log(line(rows.at(-1)));
}
if (values.json) writeFileSync(values.json, JSON.stringify(rows, null, 1));

function shown(seconds) {
  return seconds === undefined ? "–" : seconds.toPrecision(3);
}

function line({ name, medians, errors }) {
  const own = medians["apts, 1 rank"];
  const cells = Object.entries(medians).map(([who, seconds]) => {
    const ratio =
      who.startsWith("apts") || seconds === undefined ? "" : ` (${(seconds / own).toPrecision(2)}×)`;
    return errors[who] ? `cannot: ${errors[who].slice(0, 60)}` : `${shown(seconds)}${ratio}`;
  });
  return `| ${[name, ...cells].join(" | ")} |`;
}
console.log(
  `\n| model | ${Object.keys(rows[0].medians).join(" | ")} |\n| --- | ${Object.keys(rows[0].medians)
    .map(() => "---")
    .join(" | ")} |`,
);
for (const row of rows) console.log(line(row));
