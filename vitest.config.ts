import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["src/compute/assembly/build.mjs", "src/report/page/build.mjs"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Tests start real ranks; two files at a time keep a small machine responsive.
    maxWorkers: 2,
    coverage: { provider: "v8", include: ["src/**", "launcher/**"], reporter: ["text-summary", "html"] },
  },
});
