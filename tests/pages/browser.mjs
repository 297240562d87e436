// Drives one headless Chromium. argv: the path of playwright-core's main module, that of the browser.
// stdin: one JSON job a line, {"job": name, ...}; stdout: one line each, {"result": ...} or {"error": "..."}.

import { createInterface } from "node:readline";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const { chromium } = await import(pathToFileURL(process.argv[2]).href);
const browser = await chromium.launch({
  executablePath: process.argv[3],
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
let context;
let page;
let seen;

const jobs = {
  async open({ file, width = 1280, height = 800, scheme = "light", touch = false }) {
    await context?.close();
    context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: touch, isMobile: touch, acceptDownloads: true });
    page = await context.newPage();
    seen = { requests: [], console: [], dialogs: [] };
    page.on("request", (request) => seen.requests.push(request.url()));
    page.on("console", (message) => seen.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => seen.console.push(`thrown: ${error.message}`));
    page.on("dialog", async (dialog) => {
      seen.dialogs.push(dialog.message());
      await dialog.accept();
    });
    await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
  },
  seen: () => seen,
  evaluate: ({ script, value }) => page.evaluate(`(${script})(${JSON.stringify(value ?? null)})`),
  fill: ({ at, text }) => page.locator(at).fill(text),
  select: ({ at, value }) => page.locator(at).selectOption(value),
  check: ({ at }) => page.locator(at).check(),
  click: ({ at }) => page.locator(at).click(),
  press: ({ keys }) => keys.reduce((done, key) => done.then(() => page.keyboard.press(key)), Promise.resolve()),
  type: ({ text }) => page.keyboard.insertText(text),
  labelled: ({ label, text }) => page.getByLabel(label, { exact: true }).fill(text),
  async load({ at, file }) { // the page disables what loads until it has read the file
    await page.locator(at).setInputFiles(file);
    await page.locator(`${at}:enabled`).waitFor();
  },
  async save({ at }) {
    const [download] = await Promise.all([page.waitForEvent("download", { timeout: 5000 }), page.locator(at).click()]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
  },
  media: ({ media }) => page.emulateMedia({ media }),
  resize: ({ width, height }) => page.setViewportSize({ width, height }),
  screenshot: ({ path, whole = false }) => page.screenshot({ path, fullPage: whole }).then(() => null),
  pdf: async ({ path }) => (await page.pdf({ path, preferCSSPageSize: true, printBackground: true })).length,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { job, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = { result: (await jobs[job](rest)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
