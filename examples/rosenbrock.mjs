// Minimises Rosenbrock's function of ten variables, no network anywhere, by several methods.
//
//   node examples/rosenbrock.mjs
import { minimise } from "apts";

/** Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)²: a bent valley; its minimum 0 is at (1, …, 1). */
function rosenbrock(x, gradient) {
  let f = 0;
  gradient?.fill(0);
  for (let i = 0; i + 1 < x.length; i++) {
    const above = x[i + 1] - x[i] ** 2;
    f += 100 * above ** 2 + (1 - x[i]) ** 2;
    if (!gradient) continue; // only the value is wanted
    gradient[i] += -400 * x[i] * above - 2 * (1 - x[i]);
    gradient[i + 1] += 200 * above;
  }
  return f;
}

const x0 = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
for (const options of [
  { method: "lbfgs" },
  { method: "tr", direction: "l-sr1" },
  { method: "apts", direction: "l-sr1", subdomains: 2 },
]) {
  const { x, f, iterations, evaluations, ended } = await minimise(rosenbrock, x0, options);
  const error = Math.max(...x.map((value) => Math.abs(value - 1)));
  console.log(
    `${options.method}: f = ${f.toExponential(1)}, x off by ${error.toExponential(1)}, ${ended} after ` +
      `${iterations} steps, ${evaluations.gradients} gradients and ${evaluations.values} values`,
  );
}
