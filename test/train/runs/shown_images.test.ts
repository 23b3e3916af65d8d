import assert from "node:assert/strict";
import { test } from "node:test";
import { data } from "../../../src/index.ts";
import { normalizationOf, type Planes, shownImages } from "../../../src/train/runs/shown_images.ts";

const { Compose, Normalize, Resize, ToTensor } = data.transforms;

/** An example of 1 by 2 pixels: the channels' planes one after the other. */
const example = (channels: number, values: number[]): Planes => ({
  data: values,
  at: 0,
  shape: [channels, 1, 2],
});

test("1 channel is grey, 3 are red, green, blue, 4 have opacity", () => {
  assert.deepEqual(shownImages([example(1, [0, 1])]).images[0], {
    width: 2,
    height: 1,
    channels: 1,
    data: Uint8Array.of(0, 255),
  });
  const [rgb] = shownImages([example(3, [1, 0, 0, 1, 0.2, 0.4])]).images;
  assert.deepEqual([rgb.channels, [...(rgb.data as Uint8Array)]], [3, [255, 0, 51, 0, 255, 102]]);
  const [rgba] = shownImages([example(4, [1, 0, 0, 1, 0, 0, 1, 0.2])]).images;
  assert.deepEqual([rgba.channels, [...(rgba.data as Uint8Array)]], [4, [255, 0, 0, 255, 0, 255, 0, 51]]);
});

test("of another number of channels the first is shown, and the report says so", () => {
  const { images, note } = shownImages([example(2, [0, 1, 0.5, 0.5])]);
  assert.deepEqual([images[0].channels, [...(images[0].data as Uint8Array)]], [1, [0, 255]]);
  assert.match(note ?? "", /Images have 2 channels; the first is shown, as grey/);
});

test("normalised values are brought back, bytes stay, what is unknown is stretched and said to be", () => {
  const normalization = { mean: [0.5, 0.25, 0], std: [0.5, 0.25, 1] };
  const known = shownImages([example(3, [1, -1, 3, -1, 0.2, 0.4])], normalization);
  assert.deepEqual([...(known.images[0].data as Uint8Array)], [255, 255, 51, 0, 0, 102]);
  assert.equal(known.note, undefined);
  assert.deepEqual([...(shownImages([example(1, [7, 200])]).images[0].data as Uint8Array)], [7, 200]);
  const unknown = shownImages([example(1, [-1, 3]), example(1, [1, Number.NaN])]);
  assert.deepEqual(
    unknown.images.map((image) => [...(image.data as Uint8Array)]),
    [
      [0, 255],
      [128, 0],
    ],
  );
  assert.match(unknown.note ?? "", /stretched/);
});

test("a Normalize is found behind subsets and limits, and only the last counts", () => {
  const images = { data: new Uint8Array(8), shape: [8, 1, 1, 1], dtype: "uint8" as const };
  const labels = { data: new Float64Array(8), shape: [8], dtype: "int64" as const };
  const set = (transform: ReturnType<typeof Compose>) =>
    new data.LabelledImages(images, labels, { transform });
  const normal = set(Compose([Resize([1, 1]), ToTensor(), Normalize([0.5], [0.25])]));
  const [part] = data.randomSplit(normal, [4, 4]);
  assert.deepEqual(normalizationOf(data.DataLoader(part, { batchSize: 2 })), { mean: [0.5], std: [0.25] });
  assert.equal(normalizationOf(data.DataLoader(set(Compose([ToTensor()])), { batchSize: 2 })), undefined);
  assert.equal(normalizationOf([1, 2]), undefined);
});
