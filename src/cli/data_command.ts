/** `convoyant data`: brings a data set here, and shows it. */

import { ArgumentError, didYouMean, IndexError } from "../base/errors.ts";
import { openDataset } from "../data/index.ts";
import type { Output } from "../experiments/console/output.ts";
import { DATASETS } from "../experiments/training_config.ts";
import { renderImage } from "../report/terminal/terminal_image.ts";
import { displayWidth, pad } from "../report/terminal/text_width.ts";

export interface DataCommand {
  readonly name: string;
  readonly dataDir: string | null;
}

export async function dataFetchCommand(command: DataCommand, output: Output): Promise<number> {
  checkName(command.name);
  for (const train of [true, false]) {
    const dataset = await open(command, train, output);
    output.line(
      `${command.name} ${train ? "training" : "test"} set: ${dataset.length} pictures, from ${dataset.folder}`,
    );
    output.event({
      event: "data",
      data: command.name,
      split: train ? "train" : "test",
      pictures: dataset.length,
      folder: dataset.folder,
    });
  }
  output.event({ event: "end", data: command.name });
  return 0;
}

export async function dataShowCommand(
  command: DataCommand & { split: "train" | "test"; from: number; count: number },
  output: Output,
): Promise<number> {
  checkName(command.name);
  const dataset = await open(command, command.split === "train", output);
  const classes = openDataset.classes(command.name as (typeof DATASETS)[number]);
  if (command.from >= dataset.length) {
    throw new IndexError(
      `data show: there is no picture ${command.from}: the ${command.split} set has pictures 0 to ${dataset.length - 1}`,
    );
  }
  const tiles: string[][] = [];
  const last = Math.min(dataset.length, command.from + command.count);
  for (let i = command.from; i < last; i++) {
    const { width, height, pixels, label } = dataset.picture(i);
    const name = `${classes[label].en}${classes[label].zh ? ` ${classes[label].zh}` : ""}`;
    const image = renderImage({ width, height, data: pixels }, { ...output.style, maxColumns: 28 });
    tiles.push([`${command.split}:${i} ${name}`, ...image]);
    output.event({ event: "picture", index: i, label, name: classes[label].en });
  }
  if (!output.json) for (const line of inColumns(tiles, output.terminal.columns)) output.line(line);
  output.event({ event: "end", data: command.name, split: command.split, pictures: dataset.length });
  return 0;
}

/** Tiles side by side, as many as fit the width. */
function inColumns(tiles: readonly string[][], columns: number): string[] {
  const width = Math.max(1, ...tiles.flat().map(displayWidth)) + 2;
  const perRow = Math.max(1, Math.floor(columns / width));
  const lines: string[] = [];
  for (let i = 0; i < tiles.length; i += perRow) {
    const row = tiles.slice(i, i + perRow);
    const height = Math.max(...row.map((tile) => tile.length));
    for (let y = 0; y < height; y++)
      lines.push(
        row
          .map((tile) => pad(tile[y] ?? "", width))
          .join("")
          .trimEnd(),
      );
    lines.push("");
  }
  return lines;
}

function open(command: DataCommand, train: boolean, output: Output) {
  return openDataset(command.name as (typeof DATASETS)[number], {
    train,
    dataDir: command.dataDir ?? undefined,
    onProgress: (text: string) => output.note(text),
  });
}

function checkName(name: string): void {
  if ((DATASETS as readonly string[]).includes(name)) return;
  throw new ArgumentError(
    `unknown data set \`${name}\`${didYouMean(name, DATASETS)} (there are: ${DATASETS.join(", ")})`,
  );
}
