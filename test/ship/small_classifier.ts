/** Small classifiers to ship, whose answers differ from image to image, and photographs for them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Classifier } from "../../src/classifier/index.ts";
import { manualSeed, models, noGrad } from "../../src/index.ts";
import type { ClassName } from "../../src/records/class_names.ts";
import type { Preprocessing } from "../../src/records/preprocessing.ts";

export const CLASSES: readonly ClassName[] = [
  { en: "cat", zh: "猫" },
  { en: "dog", zh: "狗" },
  "bird <b>&",
  "fish",
];

export const PREPROCESSING: Preprocessing = {
  resize: { size: 72, interpolation: "bilinear" },
  crop: [64, 64],
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  background: [255, 255, 255],
};

/** Untrained, with a last layer that makes large differences of small ones. */
export async function smallClassifier(
  name = "squeezenet1-1",
  preprocessing = PREPROCESSING,
): Promise<Classifier> {
  manualSeed(5);
  const net = models.create(name, { numClasses: CLASSES.length });
  const classifier = Classifier.of(net, { classes: CLASSES, preprocessing });
  const input = await classifier.input(JPEG);
  const scores = noGrad(() => (net as unknown as (x: typeof input) => typeof input)(input));
  const span = (await scores.max().item()) - (await scores.min().item());
  noGrad(() => {
    for (const parameter of [...net.parameters()].slice(-2)) parameter.mul_(3 / span);
  });
  return classifier;
}

export async function writeClassifier(path: string, name?: string): Promise<string> {
  writeFileSync(path, await (await smallClassifier(name)).toBytes());
  return path;
}

const fixtures = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/images/images.json", import.meta.url), "utf8"),
) as { decoded: { name: string; file: string }[] };

const isChosen = ({ name }: { name: string }) =>
  /^jpeg (quality (75|100), |orientation [68]$|grey, |restart every row)/.test(name);
const jpegs = fixtures.decoded.filter(isChosen).map(({ file }) => Buffer.from(file, "base64"));

/** A JPEG file. */
export const [JPEG] = jpegs;

/** JPEG files in a folder: baseline and progressive, subsampled or not, grey, turned by EXIF. */
export function writeImages(folder: string): string[] {
  return jpegs.map((bytes, i) => {
    const path = join(folder, `${i}.jpg`);
    writeFileSync(path, bytes);
    return path;
  });
}
