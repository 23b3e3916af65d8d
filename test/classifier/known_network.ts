/** A small network whose classes differ from image to image, and photographs as the bytes of files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Classifier } from "../../src/classifier/index.ts";
import { data, manualSeed, models, nn, noGrad, stack, type Tensor } from "../../src/index.ts";
import { decodeImage } from "../../src/io/images/decode_image.ts";
import { encodePng } from "../../src/io/images/encode_png.ts";
import { encodeJpeg } from "../../src/io/images/jpeg/encode_jpeg.ts";
import type { Image } from "../../src/records/image.ts";
import type { Preprocessing } from "../../src/records/preprocessing.ts";
import { fromTypedArray } from "../../src/tensor/tensor.ts";
import { root } from "../architecture/sources.ts";

export const classes = ["cat", { en: "cup", zh: "杯子" }, "man", "tree"] as const;

export const preprocessing: Preprocessing = {
  resize: { size: 72, interpolation: "bilinear" },
  crop: [64, 64],
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  background: [255, 255, 255],
};

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

async function photograph(name: string): Promise<Image> {
  return decodeImage(readFileSync(join(root, "test/fixtures/features", name)), { channels: 3 });
}

function part({ width, data }: Image, left: number, top: number, w: number, h: number): Image {
  const pixels = new Uint8Array(w * h * 3);
  for (let y = 0; y < h; y++) {
    const from = ((top + y) * width + left) * 3;
    pixels.set(data.subarray(from, from + w * 3), y * w * 3);
  }
  return { width: w, height: h, channels: 3, data: pixels };
}

/** Photographs of several sizes: JPEG with two kinds of chroma, PNG, and a grey one. */
export async function photographs(): Promise<NamedBytes[]> {
  const [cat, cup] = [await photograph("chelsea.png"), await photograph("coffee.png")];
  const half = (image: Image) => part(image, 0, 0, image.width >> 1, image.height >> 1);
  return [
    { name: "cat.jpg", bytes: encodeJpeg(cat) },
    { name: "cup.jpg", bytes: encodeJpeg(cup) },
    { name: "ear.jpg", bytes: encodeJpeg(half(cat)) },
    { name: "edge.png", bytes: encodePng(half(cup)) },
    { name: "man.png", bytes: new Uint8Array(readFileSync(join(root, "test/fixtures/features/camera.png"))) },
  ];
}

/**
 * MobileNet V2, narrow, with batch statistics of the photographs and scores that are far apart: probabilities of a network
 * with initial weights would all be alike, and so would wrong ones.
 */
export async function knownNetwork(images: readonly NamedBytes[]): Promise<nn.Module> {
  manualSeed(5);
  const net = models.torchvision.mobilenetV2({ numClasses: classes.length, widthMult: 0.25 });
  const preprocess = data.transforms.Preprocess(preprocessing);
  const inputs: Tensor[] = [];
  for (const { bytes } of images) {
    const { width, height, channels, data: levels } = await decodeImage(bytes, { channels: 3 });
    const pixels = fromTypedArray(levels, [height, width, channels], "uint8").permute(2, 0, 1);
    inputs.push(await preprocess(pixels));
  }
  for (const module of net.modules())
    if (module instanceof nn.BatchNorm2d) Object.assign(module, { momentum: 1 });
  net.train();
  const scores = noGrad(() => net(stack(inputs)));
  await scores.data();
  net.eval();
  const head = net.getSubmodule("classifier.1") as nn.Linear;
  const spread = noGrad(() => net(stack(inputs)));
  const mean = spread.mean({ dim: 0 });
  const scale = 2 / (await spread.std().item());
  noGrad(() => {
    head.bias?.copy_(head.bias.sub(mean).mul(scale));
    head.weight.copy_(head.weight.mul(scale));
  });
  await head.weight.data();
  return net;
}

export async function knownClassifier(images: readonly NamedBytes[]): Promise<Classifier> {
  return Classifier.of(await knownNetwork(images), { classes, preprocessing });
}

/** The largest difference between two lists of numbers. */
export function difference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((x, i) => Math.abs(x - b[i])));
}
