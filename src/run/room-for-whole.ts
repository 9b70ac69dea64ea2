import { tf } from "../compute/tensorflow.js";
import { findMethod } from "../methods/registry.js";
import { buildModel } from "../network/build.js";
import { hollow } from "../network/hollow.js";
import { tensorsOf } from "../network/parameters.js";
import { checkWhole, EVALUATOR_VECTORS, RESULTS, STEP_VECTORS } from "../network/stages/memory.js";
import { planStages } from "../network/stages/plan.js";
import type { Wanted } from "./hold-whole.js";
import { memoryOfRanks, rememberedBy } from "./rank-memory.js";

/** Nothing is computed in less. */
const LEAST = 2 ** 20;

/**
 * Makes sure that a network that is whole on every rank fits there. Collective.
 * @param made it, where it has been made; else it is looked at without its weights
 * @returns bytes for the results of samples
 * @throws UsageError on rank 0
 */
export async function roomForWhole(wanted: Wanted, made?: tf.LayersModel): Promise<number> {
  const { config, source, objective, comm } = wanted;
  const limit = await memoryOfRanks(comm, config.memory);
  const method = await findMethod(config.method);
  // The model's variables are not the evaluator's.
  const vectors = EVALUATOR_VECTORS + 1 + STEP_VECTORS + rememberedBy(method, config.methodOptions);
  let taken = 0;
  if (comm.rank === 0) {
    const model = made ?? (await outlineOf(wanted));
    const parameters = tensorsOf(model).slots.reduce((sum, { size }) => sum + size, 0);
    const canBeCut = !method.decomposes && !method.shards && objective === undefined;
    const usage = { vectors, rows: 1 };
    const planOf = (stages: number) => planStages(model, { stages }, usage, source);
    checkWhole(parameters, usage, limit, canBeCut ? planOf : undefined);
    if (!made) tf.dispose(model.getWeights());
    taken = 4 * vectors * parameters;
  }
  const bytes = await comm.broadcastObject(taken);
  return limit.isAsked ? Math.max(LEAST, limit.bytes - bytes) : RESULTS;
}

async function outlineOf({
  config,
  source,
  given,
  declared,
  objective,
  random,
}: Wanted): Promise<tf.LayersModel> {
  const kind = { ...given.train, name: given.name };
  const drawing = random.fork("initialisation");
  const build = () => buildModel({ ...config, model: source }, kind, drawing, declared, objective);
  return (await hollow(build)).made.model;
}
