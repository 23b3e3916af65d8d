import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { TypedArray } from "../../src/base/dtype.ts";
import type { ArrayBatch } from "../../src/data/array_batch.ts";
import {
  AUG_MIX_PARTIAL_SPACE,
  AUG_MIX_SPACE,
  type Augmentation,
  type AugmentationSpace,
  augment,
  RAND_AUGMENT_SPACE,
  TRIVIAL_AUGMENT_SPACE,
} from "../../src/data/transforms/augmentation_space.ts";
import { type Mixture, mixChains } from "../../src/data/transforms/auto_augment.ts";
import {
  type AffineNumbers,
  affine,
  type Corners,
  perspective,
} from "../../src/data/transforms/operations/affine.ts";
import { eachImage, type OneImage } from "../../src/data/transforms/operations/one_image.ts";
import { runTransform } from "../../src/data/transforms/run_transform.ts";
import type { TransformSpec } from "../../src/data/transforms/transform_spec.ts";

interface Recorded {
  readonly shape: number[];
  readonly dtype: "uint8" | "float32";
  readonly base64: string;
}

interface Case {
  readonly spec: TransformSpec;
  readonly input: string;
  readonly output: Recorded;
  readonly operation?: {
    readonly affine?: AffineNumbers;
    readonly perspective?: Corners;
    readonly augment?: Augmentation;
    readonly augMix?: Mixture;
  };
}

const recorded: {
  inputs: Record<string, Recorded>;
  strengths: Record<string, { name: string; signed: boolean; values: number[] | null }[]>;
  cases: Case[];
} = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/transforms/operations.json", import.meta.url), "utf8"),
);

function load({ shape, dtype, base64 }: Recorded): ArrayBatch {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return { shape, dtype, data: dtype === "uint8" ? bytes : new Float32Array(bytes.buffer) };
}

/** The operation of a case; for those with numbers that a transform would draw, the operation itself. */
function run({ spec, operation }: Case, input: ArrayBatch): ArrayBatch {
  const options = spec as unknown as { interpolation: "nearest" | "bilinear"; fill: number | null };
  if (operation === undefined) return runTransform(spec, input, { seed: 1, epoch: 0, indices: [0] });
  return eachImage(input, "the operation", (image) => {
    if (operation.affine !== undefined) return affine(image, operation.affine, options);
    if (operation.perspective !== undefined) return perspective(image, operation.perspective, options);
    if (operation.augment !== undefined) return augment(image, operation.augment, options);
    return mixChains(image, operation.augMix as Mixture, options);
  });
}

function nameOf({ spec, operation }: Case): string {
  if (operation === undefined) return spec.kind;
  return operation.augment?.name ?? Object.keys(operation)[0];
}

function assertSame(actual: TypedArray, expected: TypedArray, dtype: string, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    // Bytes bit for bit. Sums of floats are formed in another order: a few units in the last place.
    const near = dtype === "uint8" ? 0 : 5e-6 * Math.max(1, Math.abs(expected[i]));
    if (!(Math.abs(actual[i] - expected[i]) <= near))
      assert.fail(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
  }
}

for (const name of new Set(recorded.cases.map(nameOf))) {
  test(`${name} gives torchvision's values`, () => {
    for (const each of recorded.cases.filter((one) => nameOf(one) === name)) {
      const input = load(recorded.inputs[each.input]);
      const before = input.data.slice();
      const expected = load(each.output);
      const result = run(each, input);
      const what = `${each.input} ${JSON.stringify(each.operation ?? each.spec)}`;
      assert.deepEqual(input.data, before, `${what} changed its input`);
      assert.deepEqual([result.dtype, result.shape], [expected.dtype, expected.shape], what);
      assertSame(result.data, expected.data, result.dtype, what);
    }
  });
}

test("the spaces of operations and every strength are torchvision's", () => {
  const spaces: Record<string, [AugmentationSpace, number]> = {
    rand: [RAND_AUGMENT_SPACE, 31],
    trivial: [TRIVIAL_AUGMENT_SPACE, 31],
    mix: [AUG_MIX_SPACE, 10],
    mixPartial: [AUG_MIX_PARTIAL_SPACE, 10],
  };
  const image = { height: 24, width: 19 } as OneImage;
  assert.deepEqual(Object.keys(recorded.strengths), Object.keys(spaces));
  for (const [key, expected] of Object.entries(recorded.strengths)) {
    const [space, bins] = spaces[key];
    assert.deepEqual(
      space.map(([name, strengths]) => [name, strengths?.signed ?? false]),
      expected.map(({ name, signed }) => [name, signed]),
    );
    expected.forEach(({ name, values }, o) => {
      const [, strengths] = space[o];
      values?.forEach((value, i) => {
        const own = strengths?.at(i, bins, image) as number;
        assert.ok(
          Math.abs(own - value) <= 4e-6 * Math.max(1, value),
          `${key} ${name} ${i}: ${own}, ${value}`,
        );
      });
    });
  }
});
