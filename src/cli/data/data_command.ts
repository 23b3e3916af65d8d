/** `convoyant data`: downloads a data set, and shows it. */

import { IndexError } from "../../base/errors.ts";
import { datasetEntry } from "../../data/dataset_registry.ts";
import { openDataset } from "../../data/index.ts";
import { className, shortClassName } from "../../records/class_names.ts";
import { printable } from "../../report/terminal/printable.ts";
import { renderImage } from "../../report/terminal/terminal_image.ts";
import { pad, truncate } from "../../report/terminal/text_width.ts";
import type { Output } from "../console/output.ts";

export interface DataCommand {
  readonly name: string;
  readonly dataDir?: string;
}

export interface DataShowCommand extends DataCommand {
  readonly split: "train" | "test";
  readonly from: number;
  readonly count: number;
}

export async function dataFetchCommand(command: DataCommand, output: Output): Promise<number> {
  datasetEntry(command.name);
  for (const train of [true, false]) {
    const dataset = await open(command, train, output);
    output.line(
      `${command.name} ${train ? "training" : "test"} set: ${dataset.length} images, from ${dataset.folder}`,
    );
    output.event({
      event: "data",
      data: command.name,
      split: train ? "train" : "test",
      images: dataset.length,
      folder: dataset.folder,
    });
  }
  output.event({ event: "end", data: command.name });
  return 0;
}

export async function dataShowCommand(command: DataShowCommand, output: Output): Promise<number> {
  const { classes } = datasetEntry(command.name);
  const dataset = await open(command, command.split === "train", output);
  if (command.from >= dataset.length) {
    throw new IndexError(
      `data show: there is no image ${command.from}: the ${command.split} set has images 0 to ${dataset.length - 1}`,
    );
  }
  const last = Math.min(dataset.length, command.from + command.count);
  const perRow = Math.max(1, Math.floor((output.terminal.columns + TILE_GAP) / (TILE + TILE_GAP)));
  // Row by row: a whole data set may be asked for.
  for (let first = command.from; first < last; first += perRow) {
    const indices = Array.from({ length: Math.min(perRow, last - first) }, (_, i) => first + i);
    const tiles = indices.map((index) => {
      const { label, ...image } = dataset.image(index);
      const name = className(classes, label);
      output.event({ event: "image", index, label, name: shortClassName(classes, label) });
      return [
        `${command.split}:${index} ${name}`,
        ...renderImage(image, { ...output.style, maxColumns: TILE }),
      ];
    });
    if (!output.json) output.lines([...sideBySide(tiles), ""]);
  }
  output.event({ event: "end", data: command.name, split: command.split, images: dataset.length });
  return 0;
}

/** Columns of an image, and between two. */
const TILE = 28;
const TILE_GAP = 2;

/** Tiles beside each other; each begins with its caption. */
function sideBySide(tiles: readonly string[][]): string[] {
  const height = Math.max(...tiles.map((tile) => tile.length));
  return Array.from({ length: height }, (_, y) =>
    tiles
      .map((tile) => pad(y === 0 ? truncate(printable(tile[0]), TILE) : (tile[y] ?? ""), TILE + TILE_GAP))
      .join("")
      .trimEnd(),
  );
}

function open({ name, dataDir }: DataCommand, train: boolean, output: Output) {
  const onProgress = (text: string) => output.note(text);
  return openDataset(name, { train, dataDir, onProgress });
}
