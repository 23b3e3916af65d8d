/** A page loads the reference kernels that few programs need when a program needs one. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { Server } from "node:http";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import * as convoyant from "../../src/browser.ts";
import { launch, noBrowser, serve } from "./chromium.ts";
import { runLateOps } from "./late_ops.ts";

const folder = new URL("../../dist/page/", import.meta.url);
/** The one with all of them, and no worker. */
const [chunk] = readdirSync(folder)
  .filter((name) => name.startsWith("chunk-"))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }))
  .filter(({ text }) => text.includes("globalThis.convoyantKernels="))
  .map(({ name }) => name);

let browser: Browser;
let server: Server;
let origin: string;

before(async () => {
  if (noBrowser) return;
  ({ origin, server } = await serve());
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function inPage(
  kind: string,
  body: string,
  { missing = false } = {},
): Promise<{ result: any; loaded: boolean }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  let loaded = false;
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    loaded ||= request.url().endsWith(chunk);
  });
  if (missing) await page.route(`**/${chunk}`, (route) => route.abort());
  await page.goto(`${origin}/${kind}/page.html`);
  const result = await page.evaluate(`(async () => {
    const convoyant = await import("convoyant");
    const { runLateOps } = await import("/${kind}/test/browser/late_ops.js");
    const { trainLenet } = await import("/${kind}/test/browser/train_lenet.js");
    ${body}
  })()`);
  await page.close();
  assert.deepEqual(problems, []);
  return { result, loaded };
}

for (const [kind, threads] of [
  ["plain", 1],
  ["isolated", 2],
  ["texts", 1],
  ["strict", 1],
] as const) {
  test(`a page (${kind}) sorts and resizes to Node's bits`, { skip: noBrowser }, async () => {
    const { result, loaded } = await inPage(kind, `return runLateOps(convoyant, ${threads});`);
    assert.deepEqual(result, await runLateOps(convoyant, threads));
    assert.equal(loaded, true);
  });
}

test("a page that trains loads no further kernels", { skip: noBrowser }, async () => {
  for (const kind of ["plain", "isolated"]) {
    const { loaded } = await inPage(kind, `return trainLenet(convoyant, "wasm", { threads: 2 });`);
    assert.equal(loaded, false);
  }
});

test("errors of kernels that were loaded late are those of the others", { skip: noBrowser }, async () => {
  const { result } = await inPage(
    "isolated",
    `await convoyant.useEngine("wasm", { threads: 2 });
    const weights = convoyant.tensor([1, -1]);
    const error = await weights.multinomial(1).tolist().catch((error) => error);
    const after = await weights.sort()[0].tolist();
    return [error instanceof convoyant.ArgumentError, error.message, after];`,
  );
  assert.equal(result[0], true);
  assert.match(result[1], /multinomial: expected weights that are finite and not negative, got -1/);
  assert.deepEqual(result[2], [-1, 1]);
});

test("a page whose server lacks the script is told so, for every run", { skip: noBrowser }, async () => {
  const { result } = await inPage(
    "plain",
    `await convoyant.useEngine("wasm");
    const x = convoyant.tensor([2, 1]);
    const runs = [x.sort()[0].tolist(), x.add(1).tolist()];
    const told = (run) => run.then(() => "done", (error) => error.name + ": " + error.message);
    const first = await Promise.all(runs.map(told));
    return [...first, await told((async () => x.mul(2).tolist())())];`,
    { missing: true },
  );
  for (const message of result)
    assert.match(
      message,
      /^EngineError: .*wasm: the script with the kernel of `sort` \(reference_kernels\) cannot be loaded: .*serve every script/,
    );
  assert.equal(result.length, 3);
});
