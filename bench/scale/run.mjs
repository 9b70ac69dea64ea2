/**
 * The tables of docs/scaling.md: `apts scale --predict` of some runs on 1, 2 and 4 ranks of this machine, and on 1, 2 and 4
 * hosts whose links have a delay, one way, and carry so many bits a second.
 *
 *   npm run build
 *   sudo env APTS_DATA_DIR=DIR node bench/scale/run.mjs [--out runs/scale-bench] [--repeats 3] [--delay 1000] [--bits 1e9] [--only TEXT]
 *
 * Hosts need root and a C compiler: they are those of test/helpers/cluster/bed.sh, and share this machine's cores; without
 * root they are left out. Runs that are finished in the folder are not run again, so that what was stopped goes on.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import papa from "papaparse";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "runs/scale-bench" },
    repeats: { type: "string", default: "3" },
    delay: { type: "string", default: "1000" },
    bits: { type: "string", default: "1e9" },
    only: { type: "string", default: "" },
  },
});
/* Steps are as many as take some seconds; as many before them are not counted: in these code is compiled. */
const MNIST = "--data mnist";
const RESNET = "--data mnist --model resnet18 --train-samples 256 --test-samples 100";
const DEEP = "--hidden 512,512,512,512,512,512,512";
const LOCAL = [
  ["MNIST, `adam`, 1024 samples", `${MNIST} --method adam --batch-size 1024 --steps 2000`],
  ["MNIST, `sapts`", `${MNIST} --method sapts --steps 6000`],
  ["MNIST, `apts`: parameters split", `${MNIST} --train-samples 24000 --method apts --batches 1 --steps 30`],
  ["MNIST, `apts-d`", `${MNIST} --train-samples 8192 --method apts-d --steps 60`],
  ["MNIST, `iapts`, 8 dense layers in stages", `${MNIST} ${DEEP} --method iapts --batch-size 256 --steps 60`],
  [
    "ResNet-18, `adam`, 64 samples in groups of 16",
    `${RESNET} --method adam --batch-size 64 --ghost-batch 16 --steps 15`,
  ],
  [
    "MNIST cnn, `adam`, 128 samples",
    `${MNIST} --model cnn --train-samples 6000 --method adam --batch-size 128 --steps 200`,
  ],
];
const HOSTS = [LOCAL[0], LOCAL[2], LOCAL[3]];
const RANKS = [1, 2, 4];

const project = resolve(import.meta.dirname, "../..");
const out = resolve(values.out);
mkdirSync(out, { recursive: true });

/** Measures, unless that fails, and returns the rows of its table. */
function scaled([title, options], where, around, more) {
  const name = `${where}, ${title}`;
  if (!name.includes(values.only)) return [];
  const folder = join(out, name.replaceAll(/[^A-Za-z0-9-]+/g, "-"));
  const run = `scale ${options} --ranks ${RANKS} --repeats ${values.repeats} --predict --out ${folder} ${more}`;
  const apts = [process.execPath, join(project, "dist/src/cli/main.js"), ...run.trim().split(" ")];
  const [command, ...args] = [...around, ...apts];
  const began = Date.now();
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  console.error(`${name}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
  if (status !== 0) {
    console.error(stderr);
    return [];
  }
  const { data } = papa.parse(readFileSync(join(folder, "scale.csv"), "utf8"), {
    header: true,
    dynamicTyping: true,
    skipEmptyLines: true,
  });
  return data.map((row) => rowOf(name, row));
}

const milliseconds = (seconds) => Number((1000 * seconds).toPrecision(3));
const percent = (share) => `${(100 * share).toFixed(0)} %`.replace("-", "−");

function rowOf(name, row) {
  const parts = ["computing", "waiting", "moving", "deciding"].map((part) => row[part]);
  const whole = parts.reduce((a, b) => a + b, 0);
  const quartiles = `${milliseconds(row.lowerQuartile)}–${milliseconds(row.upperQuartile)}`;
  const measured = [milliseconds(row.seconds), quartiles, row.speedUp.toFixed(2)];
  return [
    ...[name, row.ranks, ...measured, ...parts.map((part) => percent(part / whole))],
    ...[milliseconds(row.predicted), percent(row.error)],
  ];
}

/** Hosts on slow links, and the command that enters the first of them; `end` removes them. */
async function startHosts() {
  const scratch = mkdtempSync(join(tmpdir(), "apts-links-"));
  const links = join(scratch, "links");
  execFileSync("cc", ["-O2", "-o", links, join(project, "bench/apts-d/links.c")]);
  const file = join(scratch, "hosts.txt");
  writeFileSync(file, [1, 2, 3, 4].map((i) => `n${i} slots=1`).join("\n"));
  const bed = spawn("bash", [join(project, "test/helpers/cluster/bed.sh")], {
    env: { ...process.env, HOSTS: "4", LINKS: `${links} ${values.delay} ${Number(values.bits)}` },
    stdio: ["pipe", "pipe", "inherit"],
  });
  await Promise.race([once(bed.stdout, "data"), once(bed, "exit")]);
  if (bed.exitCode !== null) throw new Error("the hosts did not start");
  const first = readFileSync(`/proc/${bed.pid}/task/${bed.pid}/children`, "utf8").trim();
  return {
    file,
    enter: ["nsenter", "-t", first, "-m", "-u", "-i", "-n", "-p", `-w${process.cwd()}`, "--"],
    end: () => {
      bed.kill("SIGKILL");
      rmSync(scratch, { recursive: true });
    },
  };
}

const rows = LOCAL.flatMap((one) => scaled(one, "one machine", [], ""));
if (process.getuid() === 0 && existsSync("/usr/sbin/sshd")) {
  const hosts = await startHosts();
  const more = `--hostfile ${hosts.file}`;
  for (const one of HOSTS) rows.push(...scaled(one, "hosts", hosts.enter, more));
  hosts.end();
} else console.error("Hosts are left out: they need root and sshd.");

const head = [
  "run",
  "ranks",
  "ms a step",
  "quartiles",
  "speed-up",
  "computing",
  "waiting",
  "moving",
  "deciding",
];
const table = [[...head, "predicted", "error"], Array(11).fill("---"), ...rows];
console.log(table.map((cells) => `| ${cells.join(" | ")} |`).join("\n"));
