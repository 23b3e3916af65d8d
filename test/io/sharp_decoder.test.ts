import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { FileError } from "../../src/base/errors.ts";
import { decodeImage } from "../../src/io/images/decode_image.ts";
import { root } from "../architecture/sources.ts";

const { decoded } = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/images/images.json", import.meta.url), "utf8"),
) as { decoded: { name: string; file: string }[] };

/** The largest difference of a channel and the share of channels that differ at all. */
function difference(a: Uint8Array, b: Uint8Array): { most: number; share: number } {
  assert.equal(a.length, b.length);
  let [most, count] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i] - b[i]));
    if (a[i] !== b[i]) count++;
  }
  return { most, share: count / a.length };
}

/** As docs/images.md states it: equal but for inks, which sharp converts by a colour profile. */
const INKS = /CMYK|YCCK/;
const MOST_OF_INKS = 100;

test("sharp gives the pixels of the exact decoders, but for those that the documentation names", async (t) => {
  const cases = decoded.filter(({ name }) => !/^(bmp|p|plain)/.test(name) || name.startsWith("png"));
  for (const { name, file } of cases) {
    const bytes = Buffer.from(file, "base64");
    const exact = await decodeImage(bytes, { channels: 3 });
    const fast = await decodeImage(bytes, { channels: 3, decoder: "sharp" });
    assert.deepEqual([fast.width, fast.height], [exact.width, exact.height], name);
    const { most, share } = difference(exact.data, fast.data);
    const allowed = INKS.test(name) ? MOST_OF_INKS : 0;
    if (most > 0) t.diagnostic(`${name}: at most ${most}, ${(100 * share).toFixed(2)} % of the channels`);
    assert.ok(most <= allowed, `${name}: ${most}`);
  }
});

test("sharp's errors are FileErrors, and the limit holds", async () => {
  const jpeg = Buffer.from(decoded[0].file, "base64");
  const refused = (bytes: Uint8Array, message: RegExp, options = {}) =>
    assert.rejects(
      decodeImage(bytes, { decoder: "sharp", ...options }),
      (error: Error) => error instanceof FileError && message.test(error.message),
    );
  await refused(jpeg.subarray(0, 400), /JPEG image cannot be read/);
  await refused(jpeg, /claims to be 37 x 29 pixels; expected 1 to 100/, { limit: 100 });
  await refused(
    Buffer.from(decoded.find(({ name }) => name === "bmp 24")?.file ?? "", "base64"),
    /sharp does not read/,
  );
});

test("without sharp one error says how to install it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-"));
  t.after(() => rmSync(folder, { recursive: true }));
  // A bundle in a folder without node_modules.
  await build({
    entryPoints: [join(root, "build/src/io/images/decode_image.js")],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: join(folder, "decode.mjs"),
    logLevel: "silent",
  });
  const program = `
    import { decodeImage } from "./decode.mjs";
    const bytes = new TextEncoder().encode("P2 1 1 255 7");
    await decodeImage(bytes, { decoder: "sharp" }).catch(({ name, message }) => console.log(name, message));
  `;
  writeFileSync(join(folder, "program.mjs"), program);
  const { stdout, stderr } = spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  assert.match(
    stdout,
    /^ArgumentError .*sharp is not installed; install it with `npm install sharp@0\.35\.5`/,
    stderr,
  );
});
