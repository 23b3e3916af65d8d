/**
 * Writes the figures of docs/look.md again, from the numbers in test/fixtures/look/figures.json. With the folder of a run
 * (`node build/test/docs/write_look_figures.js <run>`) it computes these first.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLooked } from "../../src/experiments/look/looked_network.ts";
import { stack, stopEngine } from "../../src/index.ts";
import { gradCam, hiddenFeatures, maximise, maximisedImage, shownInput, tsne } from "../../src/look/index.ts";
import type { Image } from "../../src/records/image.ts";
import { root } from "../architecture/sources.ts";
import { lookFigures, RECORD, type RecordedImage, type RecordedLook } from "./look_figures.ts";

const [run] = process.argv.slice(2);
if (run !== undefined) {
  writeFileSync(RECORD, `${JSON.stringify(await recorded(run))}\n`);
  await stopEngine();
}
const folder = join(root, "docs/figures");
mkdirSync(folder, { recursive: true });
for (const [name, svg] of Object.entries(lookFigures())) writeFileSync(join(folder, name), svg);

async function recorded(folder: string): Promise<RecordedLook> {
  const looked = await openLooked(folder, {});
  const { net, classifier } = looked;
  const { preprocessing, classes } = classifier;
  const first = await looked.input((await looked.image("test:0")).image);
  const { width, height, values, classIndex, layer } = await gradCam(net, first);
  const examples = await looked.images(300, null);
  const inputs = await Promise.all(examples.map(({ image }) => looked.input(image)));
  const features = await hiddenFeatures(net, [stack(inputs.map((input) => input.squeeze(0)))]);
  const places = await tsne(features);
  const maximised = [];
  for (const unit of classes.keys()) {
    const found = await maximise(net, { shape: [1, 28, 28], unit });
    const image = kept(await maximisedImage(found, preprocessing));
    maximised.push({ image, ends: [short(found.values[0]), short(found.values.at(-1) as number)] as const });
  }
  return {
    classNames: classes as RecordedLook["classNames"],
    firstLayer: readFileSync(join(folder, "first_layer.jsonl"), "utf8").trim().split("\n"),
    cam: {
      image: kept(await shownInput(first, preprocessing)),
      ...{ width, height, classIndex, layer },
      values: Array.from(values, short),
    },
    embedding: {
      places: Array.from(places.data, short),
      labels: examples.map(({ label }) => label as number),
      divergence: short(places.divergence),
    },
    maximised,
  };
}

function kept({ width, height, data }: Image): RecordedImage {
  return { width, height, levels: Buffer.from(data).toString("base64") };
}

function short(value: number): number {
  return Number(value.toPrecision(5));
}
