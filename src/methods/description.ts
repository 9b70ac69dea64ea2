import type { OptionTable, ValuesOf } from "../config/option.js";
import { isScheduled } from "./first-order/schedule.js";
import type { Method, State } from "./method.js";
import type { MethodContext } from "./problem.js";

/** A method as the command line, the config file, the library and the documentation know it. */
export interface MethodDescription<Name extends string = string, Options extends OptionTable = OptionTable> {
  readonly name: Name;
  /** One line of help. */
  readonly summary: string;
  /** Where it comes from: a key of docs/algorithms.md, or a paper. */
  readonly source: string;
  readonly options: Options;
  /** Mini-batches of a pass where neither --batches nor --batch-size is given. */
  readonly batches: number;
  /** Samples of a mini-batch there, in place of `batches`. */
  readonly batchSize?: number;
  /** Sets of values for its options, by the name that --preset takes. */
  readonly presets?: Readonly<Record<string, { readonly [Name in keyof Options]?: unknown }>>;
  /** @throws UsageError where its options do not go together */
  check?(options: Readonly<Record<string, unknown>>): void;
  /** Whether its steps depend on how many the run is planned to make (`MethodContext.plannedSteps`); default: where its learning rate does. */
  plans?(options: Readonly<Record<string, unknown>>): boolean;
  /** It works on subdomains: --subdomains and --decomposition mean something to it. */
  readonly decomposes?: true;
  /** It works on the stages of a network: as many as ranks, where nothing else is said. */
  readonly stages?: true;
  /**
   * Whether it solves local problems of stages (`Problem.prepareLocal`), which remember what crossed cuts.
   * @param fullBatch whether a batch may be all samples
   */
  solvesLocally?(options: Readonly<Record<string, unknown>>, fullBatch: boolean): boolean;
  /** It works on shards of the samples (`Problem.shards`): --subdomains says how many. */
  readonly shards?: true;
  /** Vectors as long as θ that its state holds beside θ, at most; where it does not say, two are counted. */
  remembers?(options: Readonly<Record<string, unknown>>): number;
  /** Of a user's module: SHA-256 of its file. */
  readonly module?: string;
  create(context: MethodContext, options: Readonly<Record<string, unknown>>): Method;
}

/** Ties a table of options to the function that takes their values, and a method's steps to its state. */
export function defineMethod<const N extends string, T extends OptionTable, S extends State>(
  description: Omit<
    MethodDescription<N, T>,
    "check" | "plans" | "solvesLocally" | "remembers" | "create" | "presets"
  > & {
    readonly presets?: Readonly<Record<string, Partial<ValuesOf<T>>>>;
    check?(options: NoInfer<ValuesOf<T>>): void;
    plans?(options: NoInfer<ValuesOf<T>>): boolean;
    solvesLocally?(options: NoInfer<ValuesOf<T>>, fullBatch: boolean): boolean;
    remembers?(options: NoInfer<ValuesOf<T>>): number;
    create(context: MethodContext, options: NoInfer<ValuesOf<T>>): Method<S>;
  },
): MethodDescription<N, T> {
  return {
    ...description,
    check: (options) => description.check?.(options as ValuesOf<T>),
    plans: (options) => description.plans?.(options as ValuesOf<T>) ?? isScheduled(options),
    solvesLocally: (options, fullBatch) =>
      description.solvesLocally?.(options as ValuesOf<T>, fullBatch) ?? false,
    ...(description.remembers && { remembers: (options) => description.remembers!(options as ValuesOf<T>) }),
    create: (context, options) => description.create(context, options as ValuesOf<T>),
  };
}
