/** The features of HOG, computed. */
import { ArgumentError } from "../../base/errors.ts";
import type { Image } from "../../records/image.ts";
import { opaque } from "../images/opaque.ts";
import type { ImageFeatures } from "./extractor.ts";
import { type BlockNorm, normalise } from "./hog_blocks.ts";
import { type GradientVotes, gradientVotes } from "./hog_gradients.ts";

/** Options of `hog`. */
export interface HogOptions {
  /**
   * "skimage" (default): each pixel votes for one bin of its own cell. "dalal-triggs": votes are shared between the
   * nearest bins and cells of a block, under a Gaussian window of half the block's width.
   */
  variant: "skimage" | "dalal-triggs";
  /** Bins over 180 degrees. Default 9. */
  orientations: number;
  /** Side of a cell in pixels. Default 8. */
  pixelsPerCell: number;
  /** Side of a block in cells; blocks overlap by all but one cell. Default 3, "dalal-triggs" 2. */
  cellsPerBlock: number;
  /** How a block is normalised. Default "L2-Hys". */
  blockNorm: BlockNorm;
  /** Whether levels are replaced by their square roots first. Default false. */
  transformSqrt: boolean;
}

/** The function of one image that workers call too. */
export function hogFunction(settings: HogOptions): (image: Image) => ImageFeatures {
  return (image) => ({ rows: 1, data: hogOf(image, settings), keypoints: null });
}

/** The features of one image. */
export function hogOf(image: Image, settings: HogOptions): Float32Array {
  const { orientations, pixelsPerCell, cellsPerBlock, transformSqrt, variant } = settings;
  const across = Math.floor(image.width / pixelsPerCell) - cellsPerBlock + 1;
  const down = Math.floor(image.height / pixelsPerCell) - cellsPerBlock + 1;
  if (across < 1 || down < 1) {
    const least = pixelsPerCell * cellsPerBlock;
    throw new ArgumentError(
      `hog: image of ${image.width} by ${image.height} is smaller than one block of ${least} by ${least} pixels; ` +
        "give larger images, or smaller `pixelsPerCell` or `cellsPerBlock`",
    );
  }
  const interpolate = variant === "dalal-triggs";
  const votes = gradientVotes(opaque(image), { orientations, interpolate, transformSqrt });
  const grid: BlockGrid = { across, down, size: cellsPerBlock * cellsPerBlock * orientations };
  const features = interpolate ? windowedBlocks(votes, settings, grid) : blocksOfCells(votes, settings, grid);
  for (let at = 0; at < features.length; at += grid.size)
    normalise(features, at, at + grid.size, settings.blockNorm);
  return features;
}

/** How many blocks there are and how many values each has. */
interface BlockGrid {
  readonly across: number;
  readonly down: number;
  readonly size: number;
}

/** Blocks of cells that each pixel counts in once. */
function blocksOfCells(
  votes: GradientVotes,
  settings: HogOptions,
  { across, down }: BlockGrid,
): Float32Array {
  const { orientations, cellsPerBlock } = settings;
  const cells = cellHistograms(votes, settings);
  const rowOfCells = (across + cellsPerBlock - 1) * orientations;
  const run = cellsPerBlock * orientations;
  const features = new Float32Array(across * down * cellsPerBlock * run);
  for (let y = 0, at = 0; y < down; y++)
    for (let x = 0; x < across; x++)
      for (let row = 0; row < cellsPerBlock; row++) {
        const from = (y + row) * rowOfCells + x * orientations;
        for (let i = 0; i < run; i++) features[at++] = cells[from + i];
      }
  return features;
}

function cellHistograms(votes: GradientVotes, { orientations, pixelsPerCell }: HogOptions): Float32Array {
  const { width, height, bins, lower } = votes;
  const across = Math.floor(width / pixelsPerCell);
  const down = Math.floor(height / pixelsPerCell);
  const cells = new Float32Array(across * down * orientations);
  for (let row = 0; row < down; row++)
    for (let y = row * pixelsPerCell, end = y + pixelsPerCell; y < end; y++)
      for (let column = 0; column < across; column++) {
        const cell = (row * across + column) * orientations;
        const start = y * width + column * pixelsPerCell;
        for (let at = start; at < start + pixelsPerCell; at++) cells[cell + bins[at]] += lower[at];
      }
  return cells;
}

/** Blocks whose pixels are weighted by the window and shared between cells and bins. */
function windowedBlocks(votes: GradientVotes, settings: HogOptions, grid: BlockGrid): Float32Array {
  const { orientations, pixelsPerCell, cellsPerBlock } = settings;
  const { width, bins, lower, upper } = votes;
  const side = pixelsPerCell * cellsPerBlock;
  const { starts, cells, weights } = windowShares(pixelsPerCell, cellsPerBlock, orientations);
  const features = new Float32Array(grid.across * grid.down * grid.size);
  for (let block = 0; block < grid.across * grid.down; block++) {
    const top = Math.floor(block / grid.across) * pixelsPerCell;
    const left = (block % grid.across) * pixelsPerCell;
    const base = block * grid.size;
    for (let y = 0, pixel = 0; y < side; y++) {
      const row = (top + y) * width + left;
      for (let x = 0; x < side; x++, pixel++) {
        const bin = bins[row + x];
        const next = bin + 1 === orientations ? 0 : bin + 1;
        const low = lower[row + x];
        const high = upper[row + x];
        if (low === 0 && high === 0) continue;
        for (let i = starts[pixel], end = starts[pixel + 1]; i < end; i++) {
          const cell = base + cells[i];
          features[cell + bin] += weights[i] * low;
          features[cell + next] += weights[i] * high;
        }
      }
    }
  }
  return features;
}

/** For each pixel of a block the nearest cells, at most four. */
interface WindowShares {
  /** Where the cells of each pixel begin, and where the last one's end. */
  readonly starts: Int32Array;
  /** Offsets of cells in a block. */
  readonly cells: Int32Array;
  /** The pixel's weight for each of its cells. */
  readonly weights: Float32Array;
}

const windows = new Map<string, WindowShares>();

/** The last settings' window: images come in thousands, settings do not. */
function windowShares(pixelsPerCell: number, cellsPerBlock: number, orientations: number): WindowShares {
  const key = `${pixelsPerCell} ${cellsPerBlock} ${orientations}`;
  const known = windows.get(key);
  if (known !== undefined) return known;
  const shares = computedShares(pixelsPerCell, cellsPerBlock, orientations);
  windows.clear();
  windows.set(key, shares);
  return shares;
}

function computedShares(pixelsPerCell: number, cellsPerBlock: number, orientations: number): WindowShares {
  const side = pixelsPerCell * cellsPerBlock;
  const starts = [0];
  const cells: number[] = [];
  const weights: number[] = [];
  const sigma = side / 2;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const fromCentre = (x + 0.5 - sigma) ** 2 + (y + 0.5 - sigma) ** 2;
      const window = Math.exp(-fromCentre / (2 * sigma * sigma));
      const [row, column] = [(y + 0.5) / pixelsPerCell - 0.5, (x + 0.5) / pixelsPerCell - 0.5];
      for (const r of [Math.floor(row), Math.floor(row) + 1])
        for (const c of [Math.floor(column), Math.floor(column) + 1]) {
          if (r < 0 || c < 0 || r >= cellsPerBlock || c >= cellsPerBlock) continue;
          cells.push((r * cellsPerBlock + c) * orientations);
          weights.push(window * (1 - Math.abs(row - r)) * (1 - Math.abs(column - c)));
        }
      starts.push(cells.length);
    }
  return {
    starts: Int32Array.from(starts),
    cells: Int32Array.from(cells),
    weights: Float32Array.from(weights),
  };
}
