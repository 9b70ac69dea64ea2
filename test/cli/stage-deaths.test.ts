import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runApts, startApts, temporaryFolder, writeModule } from "../helpers/apts.js";
import { builtUrl } from "../helpers/built.js";
import { expectNoneLeft, mark } from "../helpers/launcher/launcher.js";
import { accuracyOf } from "../helpers/run/accuracy.js";
import { summaryIn } from "../helpers/run-folder.js";

const PROBLEM =
  "--data digits --train-samples 600 --test-samples 200 --threads 1 --epochs 2 --checkpoint-every 1 " +
  "--method iapts --preset published --batch-size 200 --stages 3 --ranks 3";

/** By phase: whose method a rank is in as it is killed, and in which of its calls. */
const PHASES: Record<string, [source: string, method: string, when: string]> = {
  "a forward pass": ["src/network/pipeline/stage.ts", "Stage.prototype.forward", "++calls === 5"],
  "a backward pass": ["src/network/pipeline/stage.ts", "Stage.prototype.backward", "++calls === 5"],
  "a local solve": ["src/network/pipeline/problem.ts", "PipelineProblem.prototype.local", "++calls === 2"],
  // The tag of weights on their way to rank 0 (src/run/stages/gather.ts).
  "the export": [
    "src/comm/group-communicator.ts",
    "GroupCommunicator.prototype.send",
    "args[1] === 2 ** 31 - 3 && ++calls === 2",
  ],
};

/** A model whose rank 1 is killed in that phase, once: the file `died` is there then. */
function deadly(folder: string, [source, method, when]: (typeof PHASES)[string]): string {
  const [owner, , name] = method.split(".");
  return writeModule(
    folder,
    `import { existsSync, writeFileSync } from "node:fs";
     const died = ${JSON.stringify(join(folder, "died"))};
     if (process.env.APTS_RANK === "1" && !existsSync(died)) {
       const { ${owner}: { prototype } } = await import(${JSON.stringify(builtUrl(source))});
       const { ${name}: usual } = prototype;
       let calls = 0;
       prototype.${name} = function (...args) {
         if (${when}) {
           writeFileSync(died, "");
           process.kill(process.pid, "SIGKILL");
         }
         return usual.apply(this, args);
       };
     }
     export const createModel = ({ tf, sampleShape: inputShape, classes: units }) =>
       tf.sequential({
         layers: [
           tf.layers.flatten({ inputShape }),
           tf.layers.dense({ units: 32, activation: "relu" }),
           tf.layers.dense({ units: 32, activation: "relu" }),
           tf.layers.dense({ units }),
         ],
       });`,
  );
}

describe("a stage whose process is killed", () => {
  it.each(Object.keys(PHASES))(
    "in %s ends the run, is named first, and leaves nothing half done",
    async (phase) => {
      const folder = temporaryFolder();
      const out = join(folder, "run");
      const model = deadly(folder, PHASES[phase]!);
      const marks = mark();
      const run = startApts(["train", ...PROBLEM.split(" "), "--model", model, "--out", out], {
        environment: marks,
      });
      const { code, stderr } = await run.finished;
      expect(existsSync(join(folder, "died")), stderr).toBe(true);
      expect(code).toBe(1);
      expect(stderr.slice(stderr.indexOf("apts:"))).toMatch(/^apts: Rank 1 \(.*\) was killed by SIGKILL\b/);
      await expectNoneLeft(marks);
      expect(existsSync(join(out, "summary.json"))).toBe(false);
      expect(existsSync(join(out, "model", "model.json"))).toBe(false);
      if (phase !== "the export") return;

      // Everything had been trained, but for the weights that rank 1 did not send.
      const resumed = await runApts(["train", "--resume", out]);
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(await accuracyOf(join(out, "model"))).toBeCloseTo(summaryIn(out).testAccuracy!, 6);
    },
  );
});
