import { Argument, type Command } from "commander";
import { fetchData } from "../data/fetch.js";
import { FETCHED_NAMES, type FileDataName } from "../data/sources.js";

/** `apts fetch mnist`: downloads a data set to the cache, or to a folder. */
export function fetchCommand(program: Command): void {
  program
    .command("fetch")
    .description("download a data set, checked by its checksum")
    .addArgument(new Argument("<name>", "data set").choices(FETCHED_NAMES))
    .option("--data-dir <DIR>", "where to put the files (default: the cache, where apts train looks)")
    .action(async (name: FileDataName, { dataDir }: { dataDir?: string }) => {
      const { directory, files } = await fetchData(name, {
        directory: dataDir,
        onProgress: ({ file, receivedBytes, totalBytes }) => {
          if (!process.stderr.isTTY) return;
          const share = totalBytes === undefined ? "" : ` of ${mebibytes(totalBytes)}`;
          process.stderr.write(`\r${file}: ${mebibytes(receivedBytes)}${share} MiB\x1b[K`);
        },
      });
      if (process.stderr.isTTY) process.stderr.write("\n");
      console.log(`${files.join(", ")} in ${directory}`);
    });
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
