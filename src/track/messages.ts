import type { PbfWriter } from "pbf";

/** Writes a field that is a message. */
export function writeMessage(pbf: PbfWriter, field: number, write: (inner: PbfWriter) => void): void {
  pbf.writeMessage(
    field,
    (_, inner) => {
      write(inner);
    },
    undefined,
  );
}
