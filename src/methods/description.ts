import type { OptionTable, ValuesOf } from "../config/option.js";
import type { Vector } from "../linalg/vector.js";
import type { MethodContext, Optimizer } from "./problem.js";

/** A method as the command line, the config file, the library and the documentation know it. */
export interface MethodDescription<Name extends string = string, Options extends OptionTable = OptionTable> {
  readonly name: Name;
  /** One line of help. */
  readonly summary: string;
  /** Key of docs/algorithms.md. */
  readonly source: string;
  readonly options: Options;
  /** Mini-batches an epoch where --batches is not given. */
  readonly batches: number;
  /** @throws UsageError where its options do not go together */
  check?(options: Readonly<Record<string, unknown>>): void;
  /** It works on subdomains: --subdomains and --decomposition mean something to it. */
  readonly decomposes?: true;
  create(context: MethodContext, options: Readonly<Record<string, unknown>>, theta0: Vector): Optimizer;
}

/** Ties a table of options to the function that takes their values. */
export function describe<const N extends string, T extends OptionTable>(
  description: Omit<MethodDescription<N, T>, "check" | "create"> & {
    check?(options: ValuesOf<T>): void;
    create(context: MethodContext, options: ValuesOf<T>, theta0: Vector): Optimizer;
  },
): MethodDescription<N, T> {
  return {
    ...description,
    check: (options) => description.check?.(options as ValuesOf<T>),
    create: (context, options, theta0) => description.create(context, options as ValuesOf<T>, theta0),
  };
}
