import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { orphanProgram } from "../helpers/launcher/launcher.js";
import { encodeRecord } from "../../src/rank/records.js";
import { builtUrl } from "../helpers/built.js";

const module = builtUrl("src/rank/lifeline.ts");

async function startOrphan(...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [orphanProgram, module, ...args], {
    env: { ...process.env, APTS_LIFELINE: "3" },
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  await once(child.stdout!, "data");
  return child;
}

describe("watchParent", () => {
  it("ends a process whose parent is gone, as a stop would", async () => {
    const child = await startOrphan();
    (child.stdio[3] as Socket).destroy();
    expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
  });

  it("hands on the words that come by it, in their order", async () => {
    const code = `const { watchParent } = await import(${JSON.stringify(module)});
      const words = watchParent();
      setTimeout(() => {}, 1e6);
      console.log(JSON.stringify([await words.next(), await words.next()]));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      env: { ...process.env, APTS_LIFELINE: "3" },
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    });
    const lifeline = child.stdio[3] as Socket;
    lifeline.write(encodeRecord({ goOn: true }));
    lifeline.write(encodeRecord("stop"));
    const [heard] = (await once(child.stdout!, "data")) as [Buffer];
    expect(JSON.parse(heard.toString())).toEqual([{ goOn: true }, "stop"]);
    lifeline.destroy();
    await once(child, "exit");
  });

  it("kills one that does not stop", async () => {
    const child = await startOrphan("stubborn");
    (child.stdio[3] as Socket).destroy();
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  });

  it("keeps no process alive, and does nothing without a launcher", async () => {
    const code = `const { watchParent } = await import(${JSON.stringify(module)}); watchParent();`;
    const run = async (stdio: "pipe" | "ignore", variables: Record<string, string>) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
        env: { ...process.env, ...variables },
        stdio: ["ignore", "inherit", "inherit", stdio],
      });
      return (await once(child, "exit"))[0] as number;
    };
    expect(await run("pipe", { APTS_LIFELINE: "3" })).toBe(0);
    expect(await run("ignore", {})).toBe(0);
  });
});
