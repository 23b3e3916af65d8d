/** Gradients of an image as votes for orientations: what both variants of HOG sum up. */
import type { Image } from "../../records/image.ts";

/** The vote of each pixel: a bin and a magnitude, or a share of it for the bin and the rest for the next one. */
export interface GradientVotes {
  readonly width: number;
  readonly height: number;
  /** The (lower) bin of each pixel. */
  readonly bins: Uint8Array;
  /** Magnitude that goes to the bin. */
  readonly lower: Float32Array;
  /** Magnitude that goes to the bin after it; empty if votes are not shared. */
  readonly upper: Float32Array;
}

/** How gradients vote. */
export interface VoteSettings {
  /** Number of bins over 180 degrees. */
  readonly orientations: number;
  /** Whether a vote is shared between the two nearest bins. */
  readonly interpolate: boolean;
  /** Whether gradients are taken of the square roots of levels. */
  readonly transformSqrt: boolean;
}

/** Differences of two levels, -255 to 255. */
const DIFFERENCES = 511;

/** Votes for every pair of differences: computed once, looked up for each pixel. */
interface VoteTable {
  readonly bins: Uint8Array;
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

const tables = new Map<string, VoteTable>();

/** The last settings' table: images come in thousands, settings do not. */
function voteTable(settings: VoteSettings): VoteTable {
  const key = `${settings.orientations} ${settings.interpolate}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const size = DIFFERENCES * DIFFERENCES;
  const table = {
    bins: new Uint8Array(size),
    lower: new Float32Array(size),
    upper: new Float32Array(settings.interpolate ? size : 0),
  };
  for (let dy = -255, at = 0; dy <= 255; dy++)
    for (let dx = -255; dx <= 255; dx++, at++) writeVote(table, at, dx, dy, settings);
  tables.clear();
  tables.set(key, table);
  return table;
}

function writeVote(to: VoteTable, at: number, dx: number, dy: number, settings: VoteSettings): void {
  const { orientations, interpolate } = settings;
  const magnitude = Math.sqrt(dx * dx + dy * dy);
  const degrees = Math.atan2(dy, dx) * (180 / Math.PI);
  const angle = degrees < 0 ? degrees + 180 : degrees >= 180 ? degrees - 180 : degrees;
  if (!interpolate) {
    to.bins[at] = binOf(angle, orientations);
    to.lower[at] = magnitude;
    return;
  }
  // Bins have their centres in the middle: (i + 1/2) 180 / n.
  const place = (angle * orientations) / 180 - 0.5;
  const below = Math.floor(place);
  const share = place - below;
  to.bins[at] = (below + orientations) % orientations;
  to.lower[at] = magnitude * (1 - share);
  to.upper[at] = magnitude * share;
}

/** The bin whose range [180 i / n, 180 (i + 1) / n) holds an angle, its ends rounded to 32 bits. */
function binOf(angle: number, orientations: number): number {
  const edge = (i: number) => Math.fround((180 / orientations) * i);
  let bin = Math.min(orientations - 1, Math.floor((angle * orientations) / 180));
  while (bin > 0 && angle < edge(bin)) bin--;
  while (bin < orientations - 1 && angle >= edge(bin + 1)) bin++;
  return bin;
}

/**
 * The votes of an image: centred differences, zero at the edges; of a colour image each pixel's channel with the
 * largest gradient.
 */
export function gradientVotes(image: Image, settings: VoteSettings): GradientVotes {
  const { width, height } = image;
  const pixels = width * height;
  const votes = {
    width,
    height,
    bins: new Uint8Array(pixels),
    lower: new Float32Array(pixels),
    upper: new Float32Array(settings.interpolate ? pixels : 0),
  };
  if (settings.transformSqrt) voteOnRoots(image, settings, votes);
  else voteOnLevels(image, voteTable(settings), votes);
  return votes;
}

function voteOnLevels(image: Image, table: VoteTable, votes: GradientVotes): void {
  const { width, height, channels, data } = image;
  const { bins, lower, upper } = votes;
  const row = width * channels;
  const shared = upper.length > 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * row + x * channels;
      let dx = data[at + channels] - data[at - channels];
      let dy = data[at + row] - data[at - row];
      for (let channel = 1, most = dx * dx + dy * dy; channel < channels; channel++) {
        const cx = data[at + channel + channels] - data[at + channel - channels];
        const cy = data[at + channel + row] - data[at + channel - row];
        if (cx * cx + cy * cy <= most) continue;
        most = cx * cx + cy * cy;
        dx = cx;
        dy = cy;
      }
      const vote = (dy + 255) * DIFFERENCES + dx + 255;
      const pixel = y * width + x;
      bins[pixel] = table.bins[vote];
      lower[pixel] = table.lower[vote];
      if (shared) upper[pixel] = table.upper[vote];
    }
  }
  voteOnEdges(image, (dx, dy, pixel) => {
    const vote = (dy + 255) * DIFFERENCES + dx + 255;
    bins[pixel] = table.bins[vote];
    lower[pixel] = table.lower[vote];
    if (shared) upper[pixel] = table.upper[vote];
  });
}

/** Takes the differences of a pixel, of the channel with the largest gradient. */
type Vote = (dx: number, dy: number, pixel: number) => void;

/** Pixels of the first and last row and column, where one difference is zero (or both). */
function voteOnEdges(image: Image, vote: Vote): void {
  const { width, height } = image;
  const level = (at: number) => image.data[at];
  for (let x = 0; x < width; x++) {
    votePixel(image, level, x, 0, vote);
    if (height > 1) votePixel(image, level, x, height - 1, vote);
  }
  for (let y = 1; y < height - 1; y++) {
    votePixel(image, level, 0, y, vote);
    if (width > 1) votePixel(image, level, width - 1, y, vote);
  }
}

function votePixel(image: Image, level: (at: number) => number, x: number, y: number, vote: Vote): void {
  const { width, height, channels } = image;
  const row = width * channels;
  let [dx, dy, most] = [0, 0, -1];
  for (let channel = 0; channel < channels; channel++) {
    const at = y * row + x * channels + channel;
    const cx = x > 0 && x < width - 1 ? level(at + channels) - level(at - channels) : 0;
    const cy = y > 0 && y < height - 1 ? level(at + row) - level(at - row) : 0;
    if (cx * cx + cy * cy <= most) continue;
    most = cx * cx + cy * cy;
    dx = cx;
    dy = cy;
  }
  vote(dx, dy, y * width + x);
}

function voteOnRoots(image: Image, settings: VoteSettings, votes: GradientVotes): void {
  const roots = Float64Array.from({ length: 256 }, (_, level) => Math.sqrt(level));
  const level = (at: number) => roots[image.data[at]];
  const vote: Vote = (dx, dy, pixel) => writeVote(votes, pixel, dx, dy, settings);
  for (let y = 0; y < image.height; y++)
    for (let x = 0; x < image.width; x++) votePixel(image, level, x, y, vote);
}
