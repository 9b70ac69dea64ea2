import { UsageError } from "../errors.js";
import { readUserFile } from "../paths.js";
import type { Dataset, RowSource, Values } from "./dataset.js";

export const TOKENS = ["characters", "bytes"] as const;

export interface TextOptions {
  /** Symbols of a sample. */
  readonly block?: number | undefined;
  readonly tokens?: (typeof TOKENS)[number] | undefined;
}

export const DEFAULT_BLOCK = 64;

/** The share of a text that is held back where nothing is said: its end. */
export const TEXT_HELD_BACK = 0.1;

type Codes = Uint8Array | Uint16Array | Int32Array;

/**
 * A text as samples: blocks of symbols, one behind the other, each with the same shifted by one, which is to be predicted.
 * What is left at the end and makes no block is left out. The vocabulary are the symbols that occur, in their order.
 * @throws UsageError
 */
export async function readText(path: string, options: TextOptions): Promise<Dataset> {
  const { block = DEFAULT_BLOCK, tokens = "characters" } = options;
  const bytes = await readUserFile(path, "a text");
  const { codes, names } = tokens === "bytes" ? codesOfBytes(bytes) : codesOfCharacters(bytes, path);
  const count = Math.floor((codes.length - 1) / block);
  if (count < 1) {
    throw new UsageError(
      `Expected more than ${block} symbols, a block and one to predict, in ${path}, got ${codes.length}. Say another length with --block.`,
    );
  }
  const windows = (shift: number) => ({ values: new Windows(codes, block, shift, count), shape: [block] });
  return {
    count,
    inputs: [windows(0)],
    targets: [{ ...windows(1), classes: names.length, names }],
  };
}

/** Blocks of one array of codes, made when they are asked for: the text is kept once. */
class Windows implements RowSource {
  readonly dtype = "int32";

  constructor(
    private readonly codes: Codes,
    private readonly block: number,
    /** Where the first block begins. */
    private readonly start: number,
    readonly rows: number,
  ) {}

  read(from: number, to: number, out: Values): void {
    out.set(this.codes.subarray(this.start + from * this.block, this.start + to * this.block));
  }

  slice(from: number, to: number): Windows {
    return new Windows(this.codes, this.block, this.start + from * this.block, to - from);
  }
}

function codesOfBytes(bytes: Buffer): { codes: Codes; names: string[] } {
  const present = [...new Set(bytes)].sort((a, b) => a - b);
  const codeOf = new Uint8Array(256);
  present.forEach((byte, code) => (codeOf[byte] = code));
  return { codes: Uint8Array.from(bytes, (byte) => codeOf[byte]!), names: present.map(String) };
}

function codesOfCharacters(bytes: Buffer, path: string): { codes: Codes; names: string[] } {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UsageError(
      `Expected ${path} to be text in UTF-8, but: ${(error as Error).message}. Read it by --tokens bytes.`,
      { cause: error },
    );
  }
  const present = new Set<number>();
  let length = 0;
  for (const character of text) {
    present.add(character.codePointAt(0)!);
    length++;
  }
  const sorted = [...present].sort((a, b) => a - b);
  const codeOf = new Map(sorted.map((point, code) => [point, code]));
  const Kind = sorted.length <= 2 ** 8 ? Uint8Array : sorted.length <= 2 ** 16 ? Uint16Array : Int32Array;
  const codes = new Kind(length);
  let i = 0;
  for (const character of text) codes[i++] = codeOf.get(character.codePointAt(0)!)!;
  return { codes, names: sorted.map((point) => String.fromCodePoint(point)) };
}
