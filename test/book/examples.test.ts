/** The examples of the chapter run, and print the shapes that the book prints. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { FileError } from "../../src/base/errors.ts";
import { openDataset } from "../../src/data/index.ts";

const run = promisify(execFile);

/** Shapes of the lines "<layer> output shape: [ ... ]", without the batch. */
const examples: readonly {
  readonly name: string;
  readonly shapes: readonly string[];
  readonly trainings: number;
}[] = [
  {
    name: "7_1_alexnet",
    shapes: [
      ...[
        "96x54x54",
        "96x54x54",
        "96x26x26",
        "256x26x26",
        "256x26x26",
        "256x12x12",
        "384x12x12",
        "384x12x12",
      ],
      ...["384x12x12", "384x12x12", "256x12x12", "256x12x12", "256x5x5", "6400", "4096", "4096", "4096"],
      ...["4096", "4096", "4096", "10"],
    ],
    trainings: 1,
  },
  {
    name: "7_2_vgg",
    shapes: [
      ...["64x112x112", "128x56x56", "256x28x28", "512x14x14", "512x7x7", "25088"],
      ...["4096", "4096", "4096", "4096", "4096", "4096", "10"],
    ],
    trainings: 1,
  },
  {
    name: "7_3_nin",
    shapes: [
      ...[
        "96x54x54",
        "96x26x26",
        "256x26x26",
        "256x12x12",
        "384x12x12",
        "384x5x5",
        "384x5x5",
        "10x5x5",
        "10x1x1",
      ],
      "10",
    ],
    trainings: 1,
  },
  {
    name: "7_4_googlenet",
    shapes: ["64x24x24", "192x12x12", "480x6x6", "832x3x3", "1024", "10"],
    trainings: 1,
  },
  {
    name: "7_5_batch_norm",
    shapes: [
      ...["6x24x24", "6x24x24", "6x24x24", "6x12x12", "16x8x8", "16x8x8", "16x8x8", "16x4x4", "256"],
      ...["120", "120", "120", "84", "84", "84", "10"],
    ],
    trainings: 2,
  },
];

let missing: string | null = null;
before(async () => {
  try {
    await openDataset("fashion-mnist", { train: false });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    missing = error.message;
  }
});

for (const { name, shapes, trainings } of examples) {
  test(`examples/chapter-7/${name}.ts`, { timeout: 120_000 }, async (t) => {
    const file = fileURLToPath(new URL(`../../examples/chapter-7/${name}.js`, import.meta.url));
    const small = ["--epochs", "1", "--batch-size", "2", "--limit-batches", "1", "--engine", "wasm"];
    const { stdout } = await run(process.execPath, [file, ...(missing === null ? small : ["--shapes"])]);
    const printed = [...stdout.matchAll(/ output shape:\t \[ \d+, (.*) \]/g)].map(([, sizes]) =>
      sizes.replaceAll(", ", "x"),
    );
    assert.deepEqual(printed, shapes);
    if (missing !== null) {
      t.diagnostic(`not trained: ${missing}`);
      return;
    }
    assert.equal([...stdout.matchAll(/^training on wasm$/gm)].length, trainings);
    assert.equal(
      [...stdout.matchAll(/^loss \d\.\d{3}, train acc \d\.\d{3}, test acc \d\.\d{3}$/gm)].length,
      trainings,
    );
  });
}
