/** A network's preprocessing as a transform: what torchvision's preset for ImageNet does, step by step. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError, arange, data, type Tensor } from "../../src/index.ts";

const { CenterCrop, Compose, Normalize, Preprocess, Resize, ToTensor } = data.transforms;

const preprocessing: data.Preprocessing = {
  resize: { size: 20, interpolation: "bicubic" },
  crop: [16, 12],
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  background: [255, 255, 255],
};

const image = (): Tensor =>
  arange(3 * 30 * 40)
    .remainder(251)
    .to("uint8")
    .view(3, 30, 40);

test("Preprocess resizes, crops, scales and normalises", async () => {
  const byHand = Compose([
    Resize(20, { interpolation: "bicubic" }),
    CenterCrop([16, 12]),
    ToTensor(),
    Normalize("imagenet"),
  ]);
  assert.deepEqual(Preprocess(preprocessing).spec, byHand.spec);
  const found = await Preprocess(preprocessing)(image());
  assert.deepEqual(found.shape, [3, 16, 12]);
  assert.deepEqual(await found.tolist(), await (await byHand(image())).tolist());
});

test("steps that are null are left out, and sizes may be [height, width]", async () => {
  const whole = Preprocess({ ...preprocessing, resize: null, crop: null });
  assert.deepEqual((await whole(image())).shape, [3, 30, 40]);
  const squeezed = Preprocess({
    ...preprocessing,
    resize: { size: [8, 9], interpolation: "nearest" },
    crop: null,
  });
  assert.deepEqual((await squeezed(image())).shape, [3, 8, 9]);
});

test("anything else is refused", () => {
  for (const wrong of [
    undefined,
    null,
    "imagenet",
    [],
    {},
    { ...preprocessing, mean: [0.5] },
    { ...preprocessing, crop: [0, 3] },
    { ...preprocessing, crop: "224" },
    { ...preprocessing, resize: 256 },
    { ...preprocessing, resize: { size: 256, interpolation: "lanczos" } },
    { ...preprocessing, std: [0, 1, 1] },
  ])
    assert.throws(() => Preprocess(wrong as never), ArgumentError, JSON.stringify(wrong));
});
