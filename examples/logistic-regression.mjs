// Logistic regression whose samples are divided among ranks: every rank knows its own share of them alone, and the sum
// of the ranks' parts is minimised.
//
//   npx apts-launch -n 3 -- node examples/logistic-regression.mjs
import { init, minimise } from "apts";

const comm = await init();
const samples = 3000;
const weights = [2, -3, 0.5, 1]; // what the samples are made with; the last is the constant
const share = [];
for (let i = comm.rank; i < samples; i += comm.size) share.push(sample(i));

/** Σ log(1 + e^−yz) / samples over this rank's share, z = xᵀw; rank 0 adds ‖x‖² / 2000. */
function part(x, gradient) {
  const own = comm.rank === 0 ? 1e-3 : 0;
  let f = 0;
  gradient?.fill(0);
  x.forEach((value, j) => {
    f += (own * value ** 2) / 2;
    if (gradient) gradient[j] += own * value;
  });
  for (const { features, y } of share) {
    const margin = y * features.reduce((sum, value, j) => sum + value * x[j], 0);
    f += Math.log1p(Math.exp(-margin)) / samples;
    const slope = -y / (1 + Math.exp(margin)) / samples;
    if (gradient) features.forEach((value, j) => (gradient[j] += slope * value));
  }
  return f;
}

const { x, f, iterations, ended } = await minimise(part, [0, 0, 0, 0], { comm, tolerance: 1e-5 });
const right = share.filter(({ features, y }) => y * features.reduce((sum, v, j) => sum + v * x[j], 0) > 0);
const [count] = await comm.allreduce(Float64Array.of(right.length), "sum");
if (comm.rank === 0) {
  console.log(`weights ${Array.from(x, (value) => value.toFixed(2)).join(", ")} on ${comm.size} ranks`);
  console.log(`loss ${f.toFixed(4)}, ${ended} after ${iterations} steps, ${count} of ${samples} right`);
}
await comm.close();

/** Sample i, the same whoever makes it: three features and a constant 1; y is ±1, with noise. */
function sample(i) {
  let state = i + 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  for (let k = 0; k < 5; k++) random();
  const features = [random() * 2 - 1, random() * 2 - 1, random() * 2 - 1, 1];
  const z = features.reduce((sum, value, j) => sum + value * weights[j], 0);
  return { features, y: random() < 1 / (1 + Math.exp(-z)) ? 1 : -1 };
}
