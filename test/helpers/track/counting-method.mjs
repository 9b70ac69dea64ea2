import { appendFileSync, readFileSync } from "node:fs";

/**
 * Gradient descent that notes before each step, in the file that COUNTS names, what its process has read and written so
 * far: bytes and system calls, as Linux counts them.
 */
export const method = {
  name: "counting",
  summary: "gradient descent that counts what its process reads and writes",
  source: "tests",
  options: {},
  batches: 1,
  create: () => ({
    start: (theta) => ({ theta }),
    async step({ theta }, problem) {
      appendFileSync(process.env.COUNTS, `${countsNow().join(" ")}\n`);
      const g = new Float32Array(theta.length);
      const loss = await problem.objective.gradient(theta, g);
      return {
        state: { theta: theta.map((x, i) => x - 1e-3 * g[i]) },
        report: { loss, accepted: true, gradientNorm: Math.max(...g.map(Math.abs)) },
      };
    },
  }),
};

function countsNow() {
  const text = readFileSync("/proc/self/io", "utf8");
  return ["rchar", "wchar", "syscr", "syscw"].map(
    (name) => new RegExp(`^${name}: (\\d+)$`, "m").exec(text)[1],
  );
}
