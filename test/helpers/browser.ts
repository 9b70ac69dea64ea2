import { existsSync } from "node:fs";
import { chromium, type Page } from "playwright-core";
import { onTestFinished } from "vitest";

/** Debian's; `make setup-webgpu` installs it. */
const CHROMIUM = "/usr/bin/chromium";
export const hasBrowser = existsSync(CHROMIUM);

export interface OpenPage {
  readonly page: Page;
  /** Errors, messages to the console, and requests for anything but the page. */
  readonly troubles: readonly string[];
}

/** Opens a file in a browser without network, which ends with the test. */
export async function openPage(file: string, colorScheme: "light" | "dark" = "light"): Promise<OpenPage> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  onTestFinished(() => browser.close());
  const context = await browser.newContext({ offline: true, colorScheme });
  const page = await context.newPage();
  const troubles: string[] = [];
  const url = `file://${file}`;
  page.on("pageerror", ({ message }) => troubles.push(message));
  page.on("console", (message) => troubles.push(message.text()));
  page.on("request", (request) => {
    if (request.url() !== url) troubles.push(request.url());
  });
  await page.goto(url);
  return { page, troubles };
}
