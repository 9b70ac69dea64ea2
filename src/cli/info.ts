import type { Command } from "commander";
import { cpus, hostname, totalmem } from "node:os";
import { describeHosts } from "../job/hosts.js";
import { aptsVersion } from "../package.js";
import { printable } from "../terminal.js";
import type { ValuesOf } from "../config/option.js";
import { formatBytes, formatCount } from "../report/format.js";
import { dataOptions } from "../run/options/of-data.js";
import { modelOptions } from "../run/options/of-model.js";
import { trainOptions } from "../run/options/table.js";
import { actWith, machineOptions } from "./options.js";

const { stages, cut, microBatches, memory, ranks, method, seed, batches, batchSize, overlap } = trainOptions;
/** What decides how a network is cut in stages: that of a run. */
const planOptions = {
  ...{ stages, cut, microBatches, memory, ranks, method, seed, batches, batchSize, overlap },
  ...dataOptions,
  ...modelOptions,
};
const options = { ...planOptions, ...machineOptions };

/** `apts info`: what the hosts have, which backend and library will run here, and why the better ones do not. */
export function infoCommand(program: Command): void {
  const command = program
    .command("info")
    .description(
      "show what will be used on this machine, and why; with --stages or --cut, how a network is cut",
    );
  actWith(command, options, async ({ hostfile, backend: wish, blas, threads, ...run }) => {
    const wanted = { backend: wish, blas, threads };
    const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB`;
    show("apts", `${aptsVersion()}, Node.js ${process.version}`);
    show("machine", `${hostname()}: ${cpus()[0]?.model ?? "unknown processor"}, ${memory}`);
    for (const host of await describeHosts(hostfile)) show("host", host);

    const { computeFacts } = await import("../job/doctor/gather.js");
    const { backend, description, gigaflops, rejected } = await computeFacts(wanted);
    show("backend", `${backend}: ${description}, ${gigaflops.toFixed(1)} GFLOP/s on a small product`);
    for (const reason of rejected) show("not used", reason);
    if (run.stages !== undefined || run.cut !== undefined) await showPlan(run, wanted);
  });
}

/** The stages of the network that such a run would train, each with what it takes. */
async function showPlan(
  run: ValuesOf<typeof planOptions>,
  wanted: Pick<ValuesOf<typeof machineOptions>, "backend" | "blas" | "threads">,
): Promise<void> {
  const [{ startBackend }, { planOfConfig }, { trainConfig }, { endsOf }, { findMethod }, { workOf }] =
    await Promise.all([
      import("../compute/backend.js"),
      import("../run/stages/plan-of-config.js"),
      import("../run/options/config.js"),
      import("../run/options/stages.js"),
      import("../methods/registry.js"),
      import("../network/stages/plan.js"),
    ]);
  const count = run.stages ?? endsOf(run.cut!).length + 1;
  const method = await findMethod(run.method);
  const config = trainConfig([{ source: { kind: "command line" }, values: run }], count, method);
  const backend = await startBackend(wanted);
  try {
    const { plan, microBatchRows, bytes, bytesOfWhole } = await planOfConfig(config, backend);
    show("stages", `${count}, in micro-batches of at most ${microBatchRows} samples`);
    const flops = plan.stages.reduce((sum, stage) => sum + stage.flops, 0);
    plan.stages.forEach(({ layers, parameters, retains }, i) => {
      const [first, last] = [layers[0]!, layers.at(-1)!];
      const names = first === last ? first : `${first} to ${last}`;
      const computing = `${((100 * workOf(plan, i)) / flops).toFixed(0)} % of one rank's computations`;
      const again = retains || i === count - 1 ? "" : ", a quarter of them done again";
      const taking = `${formatBytes(bytes[i]!)}, ${(bytes[i]! / bytesOfWhole).toFixed(2)} of one rank's`;
      show(
        `stage ${i + 1}`,
        `${names} (${layers.length}): ${formatCount(parameters)} parameters, ${computing}${again}; ${taking}`,
      );
    });
    const crossing = plan.crossings.map(
      ({ tensor, shape, from }) => `${tensor} (${shape.join(", ")}) of stage ${from + 1}`,
    );
    show("crossing", crossing.length === 0 ? "nothing" : crossing.join("; "));
  } finally {
    backend.stop();
  }
}

function show(what: string, text: string): void {
  console.log(`${what.padEnd(12)}${printable(text)}`);
}
