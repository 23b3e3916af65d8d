import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { TypedArray } from "../../src/base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../src/base/errors.ts";
import type { ArrayBatch } from "../../src/data/array_batch.ts";
import * as transforms from "../../src/data/transforms/index.ts";
import { runTransform } from "../../src/data/transforms/run_transform.ts";
import type { TransformSpec } from "../../src/data/transforms/transform_spec.ts";
import { fromTypedArray } from "../../src/tensor/tensor.ts";

interface Stored {
  shape: number[];
  dtype: "uint8" | "float32";
  base64?: string;
  sha256?: string;
}
interface TransformCase {
  kind: "pillow" | "torchvision";
  spec: TransformSpec;
  input: Stored;
  output: Stored;
}

const CASES = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/transforms/transforms.json", import.meta.url), "utf8"),
) as TransformCase[];

function load({ shape, dtype, base64 = "" }: Stored): ArrayBatch {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return { shape, dtype, data: dtype === "uint8" ? bytes : new Float32Array(bytes.buffer) };
}

function context(count: number, seed = 1, epoch = 0, first = 0) {
  return { seed, epoch, indices: Array.from({ length: count }, (_, i) => first + i) };
}

function assertClose(actual: TypedArray, expected: TypedArray, tolerance: number): void {
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i] - expected[i]) < tolerance, `element ${i}: ${actual[i]}, ${expected[i]}`);
  }
}

for (const [i, { kind, spec, input, output }] of CASES.entries()) {
  const { kind: name, ...options } = spec;
  test(`${name} ${JSON.stringify(options)} of ${input.dtype} [${input.shape}] as ${kind} (${i})`, () => {
    const source = load(input);
    const before = source.data.slice();
    const result = runTransform(spec, source, context(input.shape[0]));
    assert.deepEqual(source.data, before, "the input was changed");
    assert.deepEqual(result.shape, output.shape);
    assert.equal(result.dtype, output.dtype);
    if (output.sha256 !== undefined) {
      const hash = createHash("sha256")
        .update(result.data as Uint8Array)
        .digest("hex");
      assert.equal(hash, output.sha256);
      return;
    }
    const expected = load(output).data;
    // Without antialiasing PyTorch runs another kernel, which rounds elsewhere.
    if (result.dtype === "uint8" || spec.kind !== "Resize") assert.deepEqual(result.data, expected);
    else assertClose(result.data, expected, spec.antialias ? 2e-6 : 1e-5);
  });
}

/** Images whose pixels tell where they came from: 100 n + 10 y + x (small ones only). */
function numbered(count: number, height: number, width: number): ArrayBatch {
  const data = new Float32Array(count * height * width);
  for (let i = 0; i < data.length; i++) {
    const [n, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    data[i] = 100 * n + 10 * y + x;
  }
  return { data, shape: [count, 1, height, width], dtype: "float32" };
}

test("RandomCrop takes a window of each image, from every place", () => {
  const { spec } = transforms.RandomCrop(3);
  const seen = new Set<number>();
  const result = runTransform(spec, numbered(200, 5, 4), context(200));
  assert.deepEqual(result.shape, [200, 1, 3, 3]);
  for (let n = 0; n < 200; n++) {
    const window = [...result.data.subarray(n * 9, n * 9 + 9)];
    const corner = window[0] - 100 * n;
    seen.add(corner);
    assert.deepEqual(
      window,
      [0, 1, 2, 10, 11, 12, 20, 21, 22].map((d) => window[0] + d),
    );
  }
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [0, 1, 10, 11, 20, 21],
  );
});

test("RandomCrop pads first, and if needed", () => {
  const padded = runTransform(
    transforms.RandomCrop(4, { padding: 1, fill: 7 }).spec,
    numbered(50, 4, 4),
    context(50),
  );
  assert.deepEqual(padded.shape, [50, 1, 4, 4]);
  assert.ok(padded.data.includes(7));
  const grown = runTransform(
    transforms.RandomCrop(6, { padIfNeeded: true }).spec,
    numbered(3, 4, 4),
    context(3),
  );
  assert.deepEqual(grown.shape, [3, 1, 6, 6]);
  assert.throws(() => runTransform(transforms.RandomCrop(6).spec, numbered(1, 4, 4), context(1)), ShapeError);
});

test("RandomHorizontalFlip mirrors about p of the images", () => {
  const flip = (p: number) =>
    runTransform(transforms.RandomHorizontalFlip(p).spec, numbered(400, 1, 3), context(400));
  const flipped = (p: number) => {
    const { data } = flip(p);
    let count = 0;
    for (let n = 0; n < 400; n++) {
      const row = [...data.subarray(3 * n, 3 * n + 3)].map((v) => v - 100 * n);
      assert.ok(row.join() === "0,1,2" || row.join() === "2,1,0");
      if (row[0] === 2) count++;
    }
    return count;
  };
  assert.equal(flipped(0), 0);
  assert.equal(flipped(1), 400);
  assert.ok(Math.abs(flipped(0.25) - 100) < 40);
});

test("RandomResizedCrop: the whole image if scale and ratio determine it, else parts within bounds", () => {
  const source = numbered(2, 6, 6);
  const whole = runTransform(transforms.RandomResizedCrop(4, [1, 1], [1, 1]).spec, source, context(2));
  const resized = runTransform(transforms.Resize([4, 4]).spec, source, context(2));
  assert.deepEqual(whole, resized);
  const part = runTransform(
    transforms.RandomResizedCrop([3, 5], [0.1, 0.3]).spec,
    numbered(40, 9, 9),
    context(40),
  );
  assert.deepEqual(part.shape, [40, 1, 3, 5]);
  part.data.forEach((value, i) => {
    const local = value - 100 * Math.floor(i / 15);
    assert.ok(local >= -1e-3 && local <= 88.001);
  });
  // Proportions that no box of this image can have: the largest middle part.
  const wide = runTransform(
    transforms.RandomResizedCrop([1, 8], [1, 1], [8, 8]).spec,
    numbered(1, 8, 8),
    context(1),
  );
  assert.deepEqual(wide.shape, [1, 1, 1, 8]);
});

const RANDOM = transforms.Compose([
  transforms.RandomCrop(8, { padding: 2 }),
  transforms.RandomHorizontalFlip(),
  transforms.RandomResizedCrop(6),
]);

test("the same seed, epoch and example give the same image, however the batch is put together", () => {
  const source = numbered(16, 8, 8);
  const together = runTransform(RANDOM.spec, source, context(16));
  const property = fc.property(fc.nat(15), (n) => {
    const alone = { ...source, data: source.data.subarray(n * 64, n * 64 + 64), shape: [1, 1, 8, 8] };
    const { data } = runTransform(RANDOM.spec, alone, context(1, 1, 0, n));
    assert.deepEqual(data, together.data.slice(n * 36, n * 36 + 36));
  });
  fc.assert(property, { numRuns: 16 });
  assert.notDeepEqual(runTransform(RANDOM.spec, source, context(16, 2)).data, together.data);
  assert.notDeepEqual(runTransform(RANDOM.spec, source, context(16, 1, 1)).data, together.data);
});

test("two random transforms of one pipeline draw different numbers", () => {
  const twice = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.RandomHorizontalFlip()]);
  const source = numbered(64, 1, 3);
  assert.notDeepEqual(runTransform(twice.spec, source, context(64)).data, source.data);
});

test("a resized image of which the middle is taken is computed in its middle alone, to the same bits", () => {
  const side = fc.integer({ min: 1, max: 40 });
  const interpolation = fc.constantFrom("nearest", "nearest-exact", "bilinear", "bicubic");
  fc.assert(
    fc.property(
      fc.tuple(side, side, side, side, side),
      interpolation,
      fc.boolean(),
      fc.constantFrom("uint8", "float32"),
      ([height, width, size, rows, columns], how, antialias, dtype) => {
        const levels = Array.from({ length: 2 * 3 * height * width }, (_, i) => (i * 2654435761) % 256);
        const data = dtype === "uint8" ? Uint8Array.from(levels) : Float32Array.from(levels, (x) => x / 255);
        const batch: ArrayBatch = { shape: [2, 3, height, width], dtype, data };
        const resize = transforms.Resize(size, { interpolation: how, antialias }).spec;
        const middle = transforms.CenterCrop([rows, columns]).spec;
        const both: TransformSpec = { kind: "Compose", transforms: [resize, middle] };
        const apart = runTransform(middle, runTransform(resize, batch, context(2)), context(2));
        assert.deepEqual(runTransform(both, batch, context(2)), apart);
      },
    ),
    { numRuns: 150 },
  );
});

test("calls read as in PyTorch, by position or by name", () => {
  assert.deepEqual(transforms.Resize([3, 4]).spec, transforms.Resize({ size: [3, 4] }).spec);
  assert.deepEqual(transforms.Pad(1, 2, "constant").spec, transforms.Pad({ padding: [1, 1], fill: 2 }).spec);
  assert.deepEqual(transforms.Pad([1, 2]).spec, transforms.Pad([1, 2, 1, 2]).spec);
  assert.deepEqual(
    transforms.RandomCrop(28, 4, false, 0, "reflect").spec,
    transforms.RandomCrop(28, { padding: 4, paddingMode: "reflect" }).spec,
  );
  const text = String(transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.25])]));
  assert.equal(text, "Compose(\n    ToTensor()\n    Normalize(mean=[0.5], std=[0.25])\n)");
});

test("a transform can be called on a tensor, with or without a batch dimension", async () => {
  const tensor = fromTypedArray(Uint8Array.of(0, 51, 102, 255), [1, 2, 2], "uint8");
  const one = await transforms.ToTensor()(tensor);
  assert.deepEqual([one.shape, one.dtype], [[1, 2, 2], "float32"]);
  assert.deepEqual(await one.data(), Float32Array.of(0, 0.2, 0.4, 1));
  const batch = fromTypedArray(new Uint8Array(8), [2, 1, 2, 2], "uint8");
  assert.deepEqual((await transforms.Resize(4)(batch)).shape, [2, 1, 4, 4]);
  await assert.rejects(transforms.Resize(4)(fromTypedArray(new Uint8Array(4), [2, 2], "uint8")), ShapeError);
});

test("what makes no sense is refused when the transform is made", () => {
  const refused = (make: () => unknown, message: RegExp) =>
    assert.throws(make, (error: Error) => {
      assert.ok(error instanceof ArgumentError);
      assert.match(error.message, message);
      return true;
    });
  refused(() => transforms.Resize(0), /Resize: expected size to be a positive integer/);
  refused(() => transforms.Resize([1, 2, 3]), /expected size/);
  refused(() => transforms.Resize([1, 2], { maxSize: 3 }), /maxSize goes with one number/);
  refused(
    () => transforms.Resize(2, { interpolation: "lanczos" as "bilinear" }),
    /expected interpolation to be one of nearest, nearest-exact, bilinear, bicubic, got lanczos/,
  );
  refused(
    () => transforms.Resize(2, { maxsize: 3 } as object),
    /unknown argument `maxsize`.*did you mean `maxSize`/,
  );
  refused(() => transforms.Pad([1, 2, 3]), /1, 2 or 4 integers/);
  refused(() => transforms.Pad(1, 0, "mirror" as "edge"), /paddingMode to be one of constant/);
  refused(() => transforms.Normalize([0, 0], [1]), /as many means as stds/);
  refused(() => transforms.Normalize([0], [0]), /std must not be 0/);
  refused(() => transforms.RandomHorizontalFlip(1.5), /p from 0 to 1/);
  refused(() => transforms.RandomResizedCrop(3, [0.5, 0.1]), /scale to be two positive numbers in order/);
  refused(() => transforms.Compose([3 as never]), /transforms\[0\] is not a transform/);
});

test("images that do not fit are refused when the transform runs", () => {
  const bytes: ArrayBatch = { data: new Uint8Array(16), shape: [1, 1, 4, 4], dtype: "uint8" };
  const run = (spec: TransformSpec, batch: ArrayBatch) => () => runTransform(spec, batch, context(1));
  assert.throws(
    run(transforms.Normalize([0], [1]).spec, bytes),
    /Normalize: expected float32, got uint8; put ToTensor/,
  );
  assert.throws(
    run(transforms.Normalize([0, 0], [1, 1]).spec, numbered(1, 4, 4)),
    /mean and std for 1 channels/,
  );
  assert.throws(run(transforms.Resize(2).spec, { ...bytes, shape: [16] }), ShapeError);
  assert.throws(
    run(transforms.Resize(2).spec, { data: new Int32Array(16), shape: [1, 1, 4, 4], dtype: "int32" }),
    DTypeError,
  );
  assert.throws(
    run(transforms.Pad(4, 0, "reflect").spec, bytes),
    /reflect can add at most 3 pixels to 4, got 4/,
  );
  assert.throws(run(transforms.Pad(-3).spec, bytes), /leaves nothing/);
});
