/** What a page does to open a data set, tried in Node.js, which has the same `fetch`. */
import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { FileError } from "../../../src/base/errors.ts";
import { locateDataset } from "../../../src/data/fetch/page_dataset.ts";
import { serve, tinyDataset } from "../../io/fetch/tiny_dataset.ts";

const { source, contents } = tinyDataset();

/** Answers with what `answer` makes of a file's bytes and of the name that was asked for. */
function serving(answer: (name: string) => Uint8Array | null): RequestListener {
  return (request, response) => {
    const bytes = answer((request.url ?? "").replace("/data/", ""));
    if (bytes === null) response.writeHead(404).end();
    else response.end(bytes);
  };
}

const packed = (name: string) => {
  const bytes = name.endsWith(".gz") ? contents.get(name.slice(0, -3)) : undefined;
  return bytes === undefined ? null : gzipSync(bytes);
};
const plain = (name: string) => contents.get(name) ?? null;

for (const [how, answer] of [
  ["packed", packed],
  ["as they are", plain],
  // A server that sends Content-Encoding: the browser unpacks on the way.
  ["unpacked on the way", (name: string) => plain(name.replace(/\.gz$/, ""))],
] as const) {
  test(`files are fetched from beside the page, ${how}`, async (t) => {
    const origin = await serve(t, serving(answer));
    for (const url of [`${origin}data`, new URL(`${origin}data/`)]) {
      const told: string[] = [];
      const found = await locateDataset(source, { train: true, url, onProgress: (text) => told.push(text) });
      assert.deepEqual(found.images.shape, [4, 1, 3, 2]);
      assert.deepEqual([...found.images.data].slice(0, 4), [0, 7, 4, 1]);
      assert.deepEqual([...found.labels.data], [0, 7, 4, 1]);
      assert.equal(found.labels.dtype, "int64");
      assert.match(told.join(), /^fetching Fashion-MNIST from 127\.0\.0\.1/);
    }
    assert.deepEqual((await locateDataset(source, { train: false, url: `${origin}data` })).labels.shape, [2]);
  });
}

for (const [what, answer, expected] of [
  ["a missing file", () => null, /train-\w+\.gz cannot be fetched: the server answered 404; .*404/],
  ["a damaged file", (name: string) => packed(name)?.subarray(0, 30) ?? null, /damaged or incomplete gzip/],
  ["a file of another size", () => gzipSync(new Uint8Array(9)), /is cut short: expected \d+ bytes .* got 9/],
  [
    "a file that unpacks to more",
    () => gzipSync(new Uint8Array(1e6)),
    /expected at most \d+ bytes unpacked, got more/,
  ],
  [
    "other bytes of the same size",
    (name: string) => {
      const bytes = plain(name.replace(/\.gz$/, ""))?.slice() ?? null;
      if (bytes !== null) bytes[bytes.length - 1] ^= 1;
      return bytes;
    },
    /not the file it should be: its SHA-256 .* is [0-9a-f]{64}, expected/,
  ],
] as [string, (name: string) => Uint8Array | null, RegExp][]) {
  test(`${what} is a FileError that names the address`, async (t) => {
    const url = await serve(t, serving(answer));
    await assert.rejects(locateDataset(source, { train: true, url: `${url}data/` }), (error: Error) => {
      assert.ok(error instanceof FileError, error.stack);
      assert.match(error.message, expected);
      assert.match(error.message, /http:\/\/127\.0\.0\.1:\d+\/data\/train-/);
      return true;
    });
  });
}

test("without an address the message says where the files go", async () => {
  await assert.rejects(locateDataset(source, { train: true }), (error: Error) => {
    assert.ok(error instanceof FileError);
    assert.match(error.message, /a page has no files\. Put train-images, .* \{ url: "\.\/data\/" \}/);
    return true;
  });
  await assert.rejects(locateDataset(source, { train: true, url: "not absolute" }), FileError);
  await assert.rejects(
    locateDataset(source, { train: true, url: "http://127.0.0.1:1/" }),
    /cannot be fetched: /,
  );
});
