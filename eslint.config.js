import js from "@eslint/js";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** Not the raw sums and norms of linalg: of a vector cut over ranks they are those of the slice held here. */
const linalgOfSpaces = [
  "space",
  "vector",
  "spare-vectors",
  "restriction",
  "adam-step",
  "average",
  "newton-schulz",
].map((name) => `src/linalg/${name}.ts`);

/**
 * Who imports whom (see docs/architecture.md). Each row: a folder, and what of the project it may import: folders, or
 * files and subfolders of folders that it may not import otherwise. Everything else is an error.
 */
const mayImport = {
  "src/errors.ts": [],
  "src/terminal.ts": [],
  "src/host": ["src/errors.ts"],
  "src/rank": ["src/errors.ts"],
  "src/paths.ts": ["src/errors.ts"],
  "src/package.ts": ["src/errors.ts"],
  "src/averages.ts": [],
  "src/random.ts": [],
  "src/linalg": [],
  "src/config": ["src/errors.ts", "src/paths.ts"],
  "src/data": ["src/errors.ts", "src/paths.ts", "src/random.ts", "src/linalg"],
  "src/trust-region": ["src/errors.ts", ...linalgOfSpaces],
  "src/decomposition": ["src/errors.ts", "src/linalg", "src/network/layout.ts"],
  "src/comm": ["src/errors.ts", "src/linalg", "src/rank"],
  "src/methods": [
    "src/errors.ts",
    "src/paths.ts",
    "src/config",
    ...linalgOfSpaces,
    "src/trust-region",
    "src/decomposition",
    "src/comm",
    "src/network/layout.ts",
  ],
  "src/compute": ["src/errors.ts", "src/host", "src/config"],
  "src/network": [
    "src/averages.ts",
    "src/errors.ts",
    "src/paths.ts",
    "src/random.ts",
    "src/linalg",
    "src/compute",
    "src/trust-region",
    "src/comm",
    "src/data",
    "src/methods",
  ],
  "src/report": ["src/averages.ts", "src/errors.ts", "src/paths.ts", "src/package.ts", "src/terminal.ts"],
  "src/track": [
    "src/errors.ts",
    "src/paths.ts",
    "src/methods/method.ts",
    "src/report/metrics.ts",
    "src/run/folder/files.ts",
    "src/run/folder/appended-file.ts",
  ],
  "src/run": [
    "src/averages.ts",
    "src/errors.ts",
    "src/host",
    "src/package.ts",
    "src/paths.ts",
    "src/random.ts",
    "src/linalg",
    "src/config",
    "src/trust-region",
    "src/decomposition",
    "src/comm",
    "src/methods",
    "src/compute",
    "src/network",
    "src/data",
    "src/report",
    "src/rank",
    "src/track",
  ],
  launcher: [
    "src/host",
    "src/errors.ts",
    "src/rank",
    "src/terminal.ts",
    "src/paths.ts",
    "src/package.ts",
    "src/config",
    "src/comm/rendezvous",
  ],
};

// Above these stands the job, which alone knows the launcher; above the job, command line and library.
const below = Object.keys(mayImport).filter((folder) => folder !== "launcher");
mayImport["src/job"] = [...below, "launcher"];
mayImport["src/arena"] = [...below, "src/job"];
mayImport["src/sweep"] = [...below, "src/job"];
mayImport["src/scale"] = [...below, "src/job", "src/sweep"];
mayImport["src/cli"] = [...mayImport["src/arena"], "src/arena", "src/sweep", "src/scale"];
mayImport["src/api"] = [...below, "src/job"];
mayImport["src/index.ts"] = [...below, "src/api"];

/** The rooms of src/comm: each imports only those before it. */
const rooms = ["transport", "membership", "channels", "calls", "collectives", "rendezvous"];

const folders = Object.keys(mayImport);

function zones() {
  const betweenRooms = rooms.flatMap((room, at) =>
    rooms.slice(at + 1).map((above) => ({
      target: `./src/comm/${room}`,
      from: `./src/comm/${above}`,
      message: `comm/${room} may not import comm/${above} (docs/communication.md, "Rooms").`,
    })),
  );
  const betweenFolders = Object.entries(mayImport).flatMap(([target, allowed]) => {
    const parts = (allowed.length === 0 ? folders : folders.filter((f) => !allowed.includes(f))).filter(
      (f) => f !== target,
    );
    return parts.map((from) => ({
      target: `./${target}`,
      from: `./${from}`,
      except: allowed
        .filter((path) => path.startsWith(`${from}/`))
        .map((path) => `.${path.slice(from.length)}`),
      message: `${target} may not import ${from} (docs/architecture.md, "Who imports whom").`,
    }));
  });
  return [...betweenRooms, ...betweenFolders];
}

/** What tests share lives in test/helpers. */
const testZone = {
  target: "./test",
  from: "./test",
  except: ["./helpers"],
  message: "Tests import of test only helpers.",
};

/** AssemblyScript: its types are not TypeScript's, so that only rules which need none apply. */
const KERNELS = "src/compute/assembly/*.ts";

export default tseslint.config(
  { ignores: ["dist", "coverage", "node_modules", "runs", "src/report/page/script.js"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    ignores: [KERNELS],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver({ project: "tsconfig.json" })] },
    rules: {
      "import-x/no-restricted-paths": [
        "error",
        { zones: [...zones(), testZone], basePath: import.meta.dirname },
      ],
      "import-x/no-cycle": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // Indexing typed arrays in numeric loops: the bound is the loop's own.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/prefer-for-of": "off",
      "no-console": "error",
    },
  },
  {
    files: [KERNELS],
    languageOptions: { parser: tseslint.parser },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: {
      "no-undef": "off",
      "no-unused-vars": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["src/cli/**", "src/job/show-run.ts", "launcher/cli.ts", "bench/**", "examples/**", "test/**"],
    rules: { "no-console": "off" },
  },
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", performance: "readonly", URL: "readonly" },
    },
  },
);
