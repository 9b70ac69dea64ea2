/**
 * The host agent: `node agent/main.js`, started by a launcher or by another agent (link.ts). It lives as long as its
 * standard input: when that ends, or falls silent, or a signal arrives, it ends its ranks and then itself.
 */
import { Agent } from "./agent.js";
import { readMessages, writeMessage, type ToAgent } from "./protocol.js";

const agent = new Agent((message) => writeMessage(process.stdout, message), end);
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, end);
process.stdout.on("error", end); // nobody listens any more

for await (const message of readMessages<ToAgent>(process.stdin)) await agent.handle(message);
await agent.close();
process.exit();

function end(): void {
  void agent.close().then(() => process.exit());
}
