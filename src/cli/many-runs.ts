import type { Stops } from "../job/side-by-side/child-run.js";
import { ManyProgress, type ManyEvent } from "../job/side-by-side/progress.js";

/** The first SIGINT or SIGTERM asks the runs to stop, a second ends them. */
export function takeSignals(): Stops & { by(): "SIGINT" | "SIGTERM" | undefined } {
  const gently = new AbortController();
  const atOnce = new AbortController();
  let by: "SIGINT" | "SIGTERM" | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      by ??= signal;
      (gently.signal.aborted ? atOnce : gently).abort();
    });
  }
  return { gently: gently.signal, atOnce: atOnce.signal, by: () => by };
}

/** A line that is written over on a terminal; elsewhere one for each run that ends. */
export function progressOn(stream: NodeJS.WriteStream, noun: string) {
  const progress = new ManyProgress(noun);
  const clear = stream.isTTY ? "\r\x1b[K" : "";
  const draw = (): void => void stream.write(`${clear}${progress.line()}`);
  const timer = stream.isTTY ? setInterval(draw, 1000).unref() : undefined;
  return {
    observe: (event: ManyEvent): void => {
      const told = progress.told(event);
      if (told !== undefined) stream.write(`${clear}${told}\n`);
      if (stream.isTTY) draw();
      else if (event.type === "ends") stream.write(`${progress.line()}\n`);
    },
    end: (): void => {
      clearInterval(timer);
      stream.write(clear);
    },
  };
}
