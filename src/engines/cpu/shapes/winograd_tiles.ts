/**
 * The tiles of Winograd's convolution: what the wasm and the onednn engine share.
 *
 * Images are cut into tiles that overlap, of T by T pixels; each gives m by m values of the result for a kernel of k by
 * k, where m = T - k + 1. In place of k * k * m * m products for each pair of channels a tile takes T * T: with tiles of
 * six four times fewer for a 3x3 kernel, 2.8 times for a 5x5 one; with tiles of eight 6.3 times for a 5x5 one
 * (`assembly/winograd`). Those of eight round more, and are taken for 5x5 kernels alone: a 3x3 one would save a tenth of
 * the products at 28x28 and 56x56 pixels, which the transforms eat up. Tiles of seven save a 3x3 kernel a quarter of them
 * at 14x14 pixels: the wasm engine takes them then.
 */
import type { ConvGeometry, ImageSizes } from "./conv_geometry.ts";

/** Rows and columns of a tile. */
type Tile = 6 | 7 | 8;
/** Of the products with tiles of six, what is left if larger ones are worth it: of eight, and of seven. */
const WORTH_EIGHT = 2 / 3;
const WORTH_SEVEN = 0.85;
/** Bytes that a transform keeps between its two halves, as the kernels say. */
export const LINES_BYTES = 19_456;

/** A convolution with a square window as Winograd's algorithm sees it: the one itself, or the one that gives dx from dy. */
export interface WinogradConvolution extends ImageSizes {
  readonly window: number;
  readonly padY: number;
  readonly padX: number;
  readonly tile: Tile;
  /** Pairs of points, each with its plane. */
  readonly planes: number;
  /** Rows and columns of the result that a tile gives. */
  readonly step: number;
  readonly tilesDown: number;
  readonly tilesAcross: number;
}

/** The convolution itself; `sevens`: a 3x3 kernel may have tiles of seven. */
export function forwardConvolution(
  { n, c, o, h, w, oh, ow, kh, ph, pw }: ConvGeometry,
  sevens = false,
): WinogradConvolution {
  return tiled({ n, c, o, h, w, oh, ow, window: kh, padY: ph, padX: pw }, sevens);
}

/** dx is dy under the windows turned around, over as much padding as brings back the size. */
export function gradientConvolution(g: ConvGeometry, sevens = false): WinogradConvolution {
  const { n, c, o, h, w, oh, ow, kh, ph, pw } = g;
  const padding = { padY: kh - 1 - ph, padX: kh - 1 - pw };
  return tiled({ n, c: o, o: c, h: oh, w: ow, oh: h, ow: w, window: kh, ...padding }, sevens);
}

type Sizes = Omit<WinogradConvolution, "tile" | "planes" | "step" | "tilesDown" | "tilesAcross">;

function tiled(sizes: Sizes, sevens: boolean): WinogradConvolution {
  const six = withTile(sizes, 6);
  if (sizes.window < 5 && !sevens) return six;
  const [large, worth] = sizes.window < 5 ? ([7, WORTH_SEVEN] as const) : ([8, WORTH_EIGHT] as const);
  const other = withTile(sizes, large);
  return productsOf(other) <= worth * productsOf(six) ? other : six;
}

function withTile(sizes: Sizes, tile: Tile): WinogradConvolution {
  const step = tile - sizes.window + 1;
  const [tilesDown, tilesAcross] = [Math.ceil(sizes.oh / step), Math.ceil(sizes.ow / step)];
  return { ...sizes, tile, planes: tile * tile, step, tilesDown, tilesAcross };
}

/** Products for each pair of channels and image. */
function productsOf({ planes, tilesDown, tilesAcross }: WinogradConvolution): number {
  return planes * tilesDown * tilesAcross;
}

/** Tiles of a number of images. */
export function tilesOf({ tilesDown, tilesAcross }: WinogradConvolution, images: number): number {
  return images * tilesDown * tilesAcross;
}

/**
 * Bytes from one plane to the next. An odd number of cache lines: planes that lie a multiple of 4096 bytes apart would
 * all want the same places of the nearest cache.
 */
export function planeBytes(floats: number): number {
  return (Math.ceil(floats / 16) | 1) * 64;
}
