/**
 * Exported networks in ONNX Runtime, natively in Node.js and as WebAssembly in a page: the library's probabilities within
 * 1e-5. `CONVOYANT_ONNX_LARGE=1` adds the networks whose files have hundreds of megabytes.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { manualSeed, stopEngine, useEngine } from "../../../src/index.ts";
import { launch, noBrowser, serve } from "../../browser/chromium.ts";
import { openWorkspace } from "../../bundlers/workspace.ts";
import { type Batch, type ExportedNetwork, exportNetwork, networks } from "./exported_networks.ts";

const workspace = openWorkspace();

describe("exported networks in ONNX Runtime", {
  skip: "missing" in workspace ? workspace.missing : false,
}, () => {
  let native: any;
  let browser: Browser | undefined;
  let page: Page;
  let server: Server;
  const answers: Record<string, Uint8Array> = {};

  before(async () => {
    const modules = join((workspace as { folder: string }).folder, "node_modules");
    native = createRequire(join(modules, "x.js"))("onnxruntime-node");
    await useEngine("wasm");
    if (noBrowser) return;
    for (const name of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"])
      answers[`ort/${name}`] = readFileSync(join(modules, "onnxruntime-web/dist", name));
    let origin: string;
    ({ origin, server } = await serve({ answers }));
    browser = await launch();
    page = await browser.newPage();
    await page.goto(`${origin}/plain/page.html`);
  });
  after(async () => {
    await browser?.close();
    server?.close();
    await stopEngine();
  });

  async function runNatively({ bytes, batches }: ExportedNetwork): Promise<number[][]> {
    const session = await native.InferenceSession.create(bytes, {
      logSeverityLevel: 3,
      intraOpNumThreads: 1,
    });
    const results: number[][] = [];
    for (const { shape, input } of batches) {
      const kind = input instanceof Uint8Array ? "uint8" : "float32";
      const given = { [session.inputNames[0]]: new native.Tensor(kind, input, shape) };
      results.push([...(await session.run(given)).probabilities.data]);
    }
    await session.release();
    return results;
  }

  async function runInPage({ bytes, batches }: ExportedNetwork): Promise<number[][]> {
    answers["network.onnx"] = bytes;
    batches.forEach(({ input }, i) => {
      answers[`input_${i}.bin`] = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    });
    const given = batches.map(({ shape, input }) => ({ shape, isByte: input instanceof Uint8Array }));
    return page.evaluate(`(async () => {
      const ort = await import("./ort/ort.wasm.min.mjs");
      ort.env.wasm.numThreads = 1;
      ort.env.logLevel = "error";
      const read = async (name) => (await fetch(name, { cache: "no-store" })).arrayBuffer();
      const session = await ort.InferenceSession.create(new Uint8Array(await read("network.onnx")), {
        executionProviders: ["wasm"],
      });
      const results = [];
      for (const [i, { shape, isByte }] of ${JSON.stringify(given)}.entries()) {
        const bytes = await read(\`input_\${i}.bin\`);
        const input = isByte
          ? new ort.Tensor("uint8", new Uint8Array(bytes), shape)
          : new ort.Tensor("float32", new Float32Array(bytes), shape);
        results.push([...(await session.run({ [session.inputNames[0]]: input })).probabilities.data]);
      }
      await session.release();
      return results;
    })()`) as Promise<number[][]>;
  }

  function assertClose(results: readonly number[][], batches: readonly Batch[], where: string): void {
    assert.equal(results.length, batches.length);
    for (const [i, { expected, shape }] of batches.entries()) {
      assert.equal(results[i].length, expected.length);
      const furthest = Math.max(...expected.map((p, at) => Math.abs(p - results[i][at])));
      assert.ok(furthest <= 1e-5, `${where}, input [${shape}]: ${furthest}`);
    }
  }

  for (const network of networks(process.env.CONVOYANT_ONNX_LARGE === "1")) {
    test(network.name, async () => {
      manualSeed(7);
      const exported = await exportNetwork(network);
      assertClose(await runNatively(exported), exported.batches, "in Node.js");
      if (!noBrowser) assertClose(await runInPage(exported), exported.batches, "in a page");
    });
  }
});
