/** A folder of small photographs that a small network tells apart, and that network. */

import { models, nn, type Tensor } from "../../../src/index.ts";
import { encodePng } from "../../../src/io/images/encode_png.ts";
import { tree } from "../../data/folders/image_tree.ts";

const preset = { batchSize: 8, lr: 0.1, epochs: 1 };

/** A convolution, the mean, a fully connected layer. */
class SmallNet extends nn.Module {
  conv = nn.Conv2d(3, 4, 3, { padding: 1 });
  norm = nn.BatchNorm2d(4);
  fc: nn.Linear;

  constructor(numClasses: number) {
    super();
    this.fc = nn.Linear(4, numClasses);
  }

  override forward(x: Tensor): Tensor {
    return this.fc(this.norm(this.conv(x)).relu().mean([2, 3]));
  }
}

models.register({
  name: "small-photo-net",
  title: "A network for tests",
  inputShape: [3, 16, 16],
  presets: { zh: preset, en: preset },
  options: ["numClasses"],
  ownInitialValues: true,
  make: ({ numClasses = 2 } = {}) => new SmallNet(numClasses),
});

/** Options of `trainPhotos` for it. */
export const SMALL = {
  from: "scratch",
  model: "small-photo-net",
  imageSize: 16,
  settings: { engine: "wasm", threads: 1, epochs: 2, batchSize: 8, lr: 0.1, seed: 3 },
} as const;

/** A PNG of noise around a colour; the same number gives the same image. */
export function noisyPng(colour: readonly [number, number, number], number: number, side = 20): Uint8Array {
  const data = new Uint8Array(3 * side * side);
  let state = number + 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = Math.max(0, Math.min(255, colour[i % 3] + (state >>> 24) / 4 - 32));
  }
  return encodePng({ width: side, height: side, channels: 3, data });
}

export const COLOURS = {
  green: [40, 200, 60],
  red: [210, 50, 40],
  violet: [150, 40, 200],
} as const;

/** Folders of images by their colours. */
export function photoFolder(counts: Partial<Record<keyof typeof COLOURS, number>>): string {
  const files: Record<string, Uint8Array> = {};
  for (const [name, count] of Object.entries(counts))
    for (let i = 0; i < count; i++)
      files[`${name}/${String(i).padStart(2, "0")}.png`] = noisyPng(COLOURS[name as keyof typeof COLOURS], i);
  return tree(files);
}
