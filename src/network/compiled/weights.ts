import type { Heap } from "../../compute/wasm/heap.js";
import { tf } from "../../compute/tensorflow.js";
import type { Units } from "../../compute/wasm/linear.js";
import type { Vector } from "../../linalg/vector.js";
import type { TensorSlot } from "../layout.js";

/** θ on the heap, and the weights that are not trained: in memory of their own, tensor after tensor, or in the model's variables. */
export class HeapWeights {
  /** By weight: the address of its values. */
  readonly values: readonly number[];
  /** By weight: how often its values have changed. */
  readonly #versions: number[];
  /** The same for all units of a weight but some. */
  readonly #watches: { readonly weight: number; readonly except: Units; version: number }[] = [];
  /** Undefined where the values are the variables' own. */
  readonly #address: number | undefined;

  /** @param inPlace whether the variables are written to with every θ, which takes no memory beside theirs */
  constructor(
    private readonly heap: Heap,
    private readonly slots: readonly TensorSlot[],
    private readonly variables: readonly tf.Variable[],
    inPlace = false,
  ) {
    this.#versions = variables.map(() => 0);
    if (inPlace) {
      this.values = variables.map((variable) => heap.address(variable));
      return;
    }
    const sizes = variables.map((variable) => variable.size);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    this.#address = heap.allocate(4 * total);
    let next = this.#address;
    this.values = sizes.map((size) => (next += 4 * size) - 4 * size);
    variables.forEach((variable, i) => {
      const values = variable.dataSync<"float32">();
      heap.floats(this.values[i]!, variable.size).set(values);
    });
  }

  /** Writes θ (n,); tensors that are the same already keep their version. */
  set(theta: Vector): void {
    this.slots.forEach(({ offset, size }, i) => {
      const current = this.heap.floats(this.values[i]!, size);
      const next = theta.subarray(offset, offset + size);
      if (current[0] === next[0] && bytes(current).equals(bytes(next))) return; // mostly the first has changed
      for (const watch of this.#watches) {
        if (watch.weight === i && differOutside(current, next, this.#width(i), watch.except)) watch.version++;
      }
      current.set(next);
      this.#versions[i]!++;
    });
  }

  /** A number that changes whenever the values of a weight do, or those of its units outside `except`. */
  version(weight: number, except: Units | undefined): number {
    if (except === undefined) return this.#versions[weight]!;
    const same = (watch: { weight: number; except: Units }) =>
      watch.weight === weight && watch.except.from === except.from && watch.except.to === except.to;
    let watch = this.#watches.find(same);
    if (watch === undefined) this.#watches.push((watch = { weight, except, version: 0 }));
    return watch.version;
  }

  /** θ (n,) as it stands. */
  theta(): Vector {
    const theta = new Float32Array(this.slots.reduce((sum, slot) => sum + slot.size, 0));
    this.slots.forEach(({ offset, size }, i) => {
      theta.set(this.heap.floats(this.values[i]!, size), offset);
    });
    return theta;
  }

  /** Writes all weights into the model's variables. */
  export(): void {
    if (this.#address === undefined) return; // they are there
    this.variables.forEach((variable, i) => {
      const values = this.heap.floats(this.values[i]!, variable.size).slice();
      const tensor = tf.tensor(values, variable.shape);
      variable.assign(tensor);
      tensor.dispose();
    });
  }

  #width(weight: number): number {
    return this.variables[weight]!.shape.at(-1) ?? 1;
  }

  free(): void {
    if (this.#address !== undefined) this.heap.free(this.#address);
  }
}

/** Whether two tensors of this width differ in a unit outside `except`. */
function differOutside(a: Float32Array, b: Float32Array, width: number, { from, to }: Units): boolean {
  for (let row = 0; row < a.length; row += width) {
    for (let i = row; i < row + from; i++) if (a[i] !== b[i]) return true;
    for (let i = row + to; i < row + width; i++) if (a[i] !== b[i]) return true;
  }
  return false;
}

/** The bytes of floats, for comparing them as fast as memory allows. */
function bytes(x: Float32Array): Buffer {
  return Buffer.from(x.buffer, x.byteOffset, x.byteLength);
}
