import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { ArgumentError, FileError } from "../../src/base/errors.ts";
import { load, models, save, toBytes } from "../../src/index.ts";
import { serve } from "./fetch/tiny_dataset.ts";

const net = models.create("lenet");
const bytes = await toBytes(net.stateDict(), { made: "by a test" });
const expected = await Promise.all(
  Object.entries(net.stateDict()).map(async ([name, tensor]) => [name, await tensor.tolist()]),
);

async function assertLoaded(source: Parameters<typeof load>[0]): Promise<void> {
  const loaded = await load(source);
  const found = await Promise.all(
    expected.map(async ([name]) => [name, await loaded[String(name)].tolist()]),
  );
  assert.deepEqual(found, expected);
}

test("toBytes gives what save writes, and load reads it from every place", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-bytes-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "lenet #1.safetensors");
  await save(net.stateDict(), path, { made: "by a test" });
  assert.deepEqual(Buffer.from(bytes), readFileSync(path));

  const origin = await serve(t, (request, response) => {
    if (request.url !== "/net.safetensors") response.writeHead(404).end("no such file");
    else response.end(bytes);
  });
  const inside = new Uint8Array(bytes.length + 3);
  inside.set(bytes, 3);
  const foreign = runInNewContext("new Uint8Array(length).buffer", { length: bytes.length });
  new Uint8Array(foreign).set(bytes);
  for (const source of [
    path,
    pathToFileURL(path),
    pathToFileURL(path).href,
    bytes,
    bytes.buffer,
    foreign,
    inside.subarray(3),
    new DataView(inside.buffer, 3),
    Buffer.from(bytes),
    new Blob([bytes]),
    new File([bytes], "net.safetensors"),
    new Response(bytes),
    `${origin}net.safetensors`,
    new URL(`${origin}net.safetensors`),
    await fetch(`${origin}net.safetensors`),
    `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`,
  ]) {
    await assertLoaded(source);
  }
  for (const [source, message] of [
    [`${origin}other`, /other cannot be fetched: the server answered 404/],
    [await fetch(`${origin}other`), /other cannot be fetched: the server answered 404/],
    ["http://127.0.0.1:1/net", /http:\/\/127\.0\.0\.1:1\/net cannot be fetched: /],
    [bytes.subarray(0, 100), /cut short|reaches beyond|header/],
    [new Blob([bytes.subarray(0, 5)]), /./],
    [new File(["{}"], "notes.txt"), /notes\.txt/],
    [new Uint8Array(0), /./],
    [join(folder, "missing.safetensors"), /missing\.safetensors/],
  ] as const) {
    await assert.rejects(load(source), (error: Error) => {
      assert.ok(error instanceof FileError, `${String(source)}: ${error.stack}`);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("a Response that was read already, and what is not a source at all, are refused by name", async () => {
  const used = new Response(bytes);
  await used.arrayBuffer();
  await assert.rejects(load(used), FileError);
  for (const source of [null, undefined, 5, {}, [], net]) {
    await assert.rejects(load(source as never), (error: Error) => {
      assert.ok(error instanceof ArgumentError, error.stack);
      assert.match(error.message, /^load: expected a path, a URL, an ArrayBuffer/);
      return true;
    });
  }
  await assert.rejects(toBytes({ a: 1 } as never), /toBytes: expected tensors by name, "a" is number/);
});
