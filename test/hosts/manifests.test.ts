import { spawnSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { temporaryFolder } from "../helpers/apts.js";

/** TrainJob of Kubeflow Trainer 2 (trainer.kubeflow.org/v1alpha1), as far as the manifest uses it. */
const TRAIN_JOB = `
import type { EnvVar } from "kubernetes-types/core/v1";
import type { ObjectMeta } from "kubernetes-types/meta/v1";
type Resources = { cpu?: string; memory?: string };
export interface TrainJob {
  apiVersion: "trainer.kubeflow.org/v1alpha1";
  kind: "TrainJob";
  metadata: ObjectMeta;
  spec: {
    runtimeRef: { apiGroup?: string; kind?: "TrainingRuntime" | "ClusterTrainingRuntime"; name: string };
    suspend?: boolean;
    trainer?: {
      image?: string;
      command?: string[];
      args?: string[];
      env?: EnvVar[];
      numNodes?: number;
      numProcPerNode?: number | "auto" | "cpu" | "gpu";
      resourcesPerNode?: { requests?: Resources; limits?: Resources };
    };
  };
}`;

const TYPES: Readonly<Record<string, string>> = {
  Service: `import type { Service } from "kubernetes-types/core/v1";`,
  Job: `import type { Job } from "kubernetes-types/batch/v1";`,
  TrainJob: TRAIN_JOB,
};

interface Manifest {
  readonly kind: string;
}

const manifestsIn = (file: string): Manifest[] =>
  parseAllDocuments(readFileSync(resolve("hosts", file), "utf8")).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });

/** What the compiler says of manifests as values of the types of Kubernetes: unknown fields are errors to it, too. */
function mistakesIn(manifests: readonly Manifest[]): string {
  const folder = temporaryFolder();
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  const files = manifests.map((manifest, index) => {
    const file = join(folder, `${index}.ts`);
    const value = JSON.stringify(manifest, null, 2);
    writeFileSync(file, `${TYPES[manifest.kind]!}\nexport const manifest: ${manifest.kind} = ${value};\n`);
    return file;
  });
  const tsc = resolve("node_modules/typescript/bin/tsc");
  const options = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
  return spawnSync(process.execPath, [tsc, ...options, ...files], { encoding: "utf8" }).stdout;
}

it("manifests in hosts/ are what Kubernetes and Kubeflow take", { timeout: 300_000 }, () => {
  const manifests = [...manifestsIn("kubernetes-job.yaml"), ...manifestsIn("kubeflow-trainjob.yaml")];
  expect(manifests.map(({ kind }) => kind)).toEqual(["Service", "Job", "TrainJob"]);
  expect(mistakesIn(manifests)).toBe("");
  const misspelt = {
    ...manifests[1]!,
    spec: { ...(manifests[1] as { spec?: object }).spec, completionmode: "" },
  };
  expect(mistakesIn([misspelt as Manifest])).toMatch(/completionmode/);
});
