import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["src/compute/assembly/build.mjs", "src/report/page/build.mjs"],
    // A bound on what hangs: a machine with much else to do takes ten times as long as an idle one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Tests start real ranks; two files at a time keep a small machine responsive.
    maxWorkers: 2,
    coverage: { provider: "v8", include: ["src/**", "launcher/**"], reporter: ["text-summary", "html"] },
  },
});
