import assert from "node:assert/strict";
import type { Server } from "node:http";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import * as convoyant from "../../src/browser.ts";
import { launch, noBrowser, serve } from "./chromium.ts";
import { type TrainedLosses, trainLenet } from "./train_lenet.ts";

let browser: Browser;
let server: Server;
let origin: string;
let expected: TrainedLosses;

before(async () => {
  if (noBrowser) return;
  ({ origin, server } = await serve());
  browser = await launch();
  expected = await trainLenet(convoyant, "wasm", { threads: 1 });
});

after(async () => {
  await browser?.close();
  server?.close();
});

async function trainInPage(
  folder: "isolated" | "plain",
  engine: string,
  threads: number,
): Promise<TrainedLosses & { isolated: boolean }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`${origin}/${folder}/page.html`);
  const script = `(async () => {
    const convoyant = await import("/${folder}/src/browser.js");
    const { trainLenet } = await import("/${folder}/test/browser/train_lenet.js");
    return { ...(await trainLenet(convoyant, ${JSON.stringify(engine)}, { threads: ${threads} })), isolated: crossOriginIsolated };
  })()`;
  const result = (await page.evaluate(script)) as TrainedLosses & { isolated: boolean };
  await page.close();
  assert.deepEqual(problems, []);
  return result;
}

function assertLosses(found: readonly number[]): void {
  found.forEach((loss, i) => {
    assert.ok(
      Math.abs(loss - expected.losses[i]) < 1e-5 * Math.abs(expected.losses[i]),
      `loss ${i}: ${loss}, in Node ${expected.losses[i]}`,
    );
  });
}

test("an isolated page trains with threads and gets Node's losses", { skip: noBrowser }, async () => {
  const result = await trainInPage("isolated", "wasm", 2);
  assert.equal(result.isolated, true);
  assert.equal(result.threads, 2);
  assertLosses(result.losses);
});

test("a page that is not isolated trains with one thread and a memory of its own", {
  skip: noBrowser,
}, async () => {
  const result = await trainInPage("plain", "wasm", 2);
  assert.equal(result.isolated, false);
  assert.equal(result.threads, 1);
  assertLosses(result.losses);
});

test("the reference engine runs in a page", { skip: noBrowser }, async () => {
  const result = await trainInPage("isolated", "reference", 1);
  result.losses.forEach((loss, i) => {
    assert.ok(
      Math.abs(loss - expected.losses[i]) < 1e-3 * Math.abs(expected.losses[i]),
      `loss ${i}: ${loss} and ${expected.losses[i]}`,
    );
  });
});
