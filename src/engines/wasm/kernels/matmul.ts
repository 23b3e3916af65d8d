/**
 * GEMM, by one register tile of 4 by 8 (assembly/register_tile.ts).
 *
 * Fast paths:
 * - Columns split (N of at least 64): each unit owns some panels of 8 columns of B, packs them once, block
 *   of K by block of K, and carries all rows of A past them (2048 at a time). There is no stage before.
 *   Wins wherever there are enough columns, the usual case.
 * - Rows split (N below 64, many rows): B is so narrow that a stage of its own packs it whole; then each
 *   unit takes a run of rows. Wins for a classifier's last layer.
 * - A few rows and B transposed, as a dense layer has it of a few examples: B is read once and not packed
 *   (assembly/row_products.ts).
 * - A transposed (the gradient of a weight): a stage before turns A over, so that its rows run along K.
 *
 * K is cut into blocks of at most 384, whose panel of B fits the first cache; blocks are added up in order.
 */
import type { StepSpec } from "../../contract/engine.ts";
import type { KernelExports, KernelPlan, KernelStage } from "../../cpu/kernel.ts";
import { roundUp, ScratchLayout, split } from "../../cpu/memory/memory_layout.ts";
import { activationCode, allFloat32 } from "../../cpu/shapes/activation.ts";

/** Rows and columns of the register tile. */
export const TILE_ROWS = 4;
export const TILE_COLUMNS = 8;

const LARGEST_K_BLOCK = 384;
/** Tiles whose rows of A stay in the first cache. */
const CHUNK_TILES = 4;
/** Multiply-adds below which a further unit costs more than it brings. */
const SMALLEST_UNIT = 50_000;
const MOST_UNITS = 32;
/** Rows above which a unit's tables and strip grow too large; B is packed once for that many rows. */
const MOST_ROWS = 2048;

interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly hasBias: boolean;
  readonly activation: number;
}

/** Plans `matmul`: act(A B + bias), both of rank 2, or both of rank 3 with one batch size. */
export function planMatmul(step: StepSpec): KernelPlan | null {
  const product = describe(step);
  if (product === null) return null;
  return hasFewRows(product) ? planFewRows(product) : plan(product);
}

/** Rows of A up to which B is not worth packing. */
const FEW_ROWS = 4;

/** Whether the time is that of reading B, which lies with its columns one behind the other. */
function hasFewRows({
  batch,
  m,
  transposeA,
  transposeB,
}: Pick<Product, "batch" | "m" | "transposeA" | "transposeB">): boolean {
  return batch === 1 && m <= FEW_ROWS && transposeB && !transposeA;
}

function planFewRows({ m, n, k, hasBias, activation }: Product): KernelPlan {
  const columns = split(n, Math.max(1, Math.min(MOST_UNITS, Math.floor((m * n * k) / SMALLEST_UNIT))), 4);
  const stages: KernelStage[] = [];
  if (typeof PLANS_ONLY === "undefined") {
    stages.push({
      units: columns.units,
      run(exports, { inputs: [a, b, bias], outputs: [to] }, begin, end) {
        const first = begin * columns.size;
        const count = Math.min(n, end * columns.size) - first;
        const c = to + first * 4;
        exports.rowProducts(a, m, b + first * k * 4, count, k, c, n * 4);
        if (hasBias || activation !== 0)
          exports.biasActivation(c, n * 4, m, count, hasBias ? bias + first * 4 : 0, activation);
      },
    });
  }
  return { stages, scratchBytes: 0, threadScratchBytes: 0 };
}

function describe({ attributes, inputs, outputs }: StepSpec): Product | null {
  const [a, b] = inputs;
  const activation = activationCode(attributes);
  if (!allFloat32(...inputs, ...outputs) || activation === undefined) return null;
  const rank = a.shape.length;
  if (rank !== b.shape.length || (rank !== 2 && rank !== 3)) return null;
  const batch = rank === 3 ? a.shape[0] : 1;
  if (rank === 3 && b.shape[0] !== batch) return null;
  const transposeA = attributes.transposeA === true;
  const transposeB = attributes.transposeB === true;
  const [m, k] = [a.shape[rank - (transposeA ? 1 : 2)], a.shape[rank - (transposeA ? 2 : 1)]];
  const [n, kOfB] = [b.shape[rank - (transposeB ? 2 : 1)], b.shape[rank - (transposeB ? 1 : 2)]];
  if (k !== kOfB) return null;
  return { batch, m, n, k, transposeA, transposeB, hasBias: inputs.length > 2, activation };
}

function plan(product: Product): KernelPlan {
  const { batch, m, n, k } = product;
  const scratch = new ScratchLayout();
  const stages: KernelStage[] = [];

  const turnedA = product.transposeA ? scratch.take(batch * m * k * 4) : undefined;
  if (turnedA !== undefined) stages.push(turnStage(product, turnedA));

  const wanted = Math.max(1, Math.min(MOST_UNITS, Math.floor((batch * m * n * k) / SMALLEST_UNIT)));
  const perMatrix = Math.ceil(wanted / batch);
  const panels = Math.ceil(n / TILE_COLUMNS);
  const byRows = panels < 8 && m > 4 * TILE_ROWS && perMatrix > 1;
  const columns = byRows ? { units: 1, size: panels } : split(panels, perMatrix);
  const rows = split(m, Math.max(Math.ceil(m / MOST_ROWS), byRows ? perMatrix : 1), TILE_ROWS);

  const block = kBlock(k);
  const packedB = byRows ? scratch.take(batch * panels * k * 32) : undefined;
  if (packedB !== undefined) stages.push(packStage(product, block, packedB));

  const own = new ScratchLayout();
  const unit: Unit = {
    product,
    block,
    turnedA,
    packedB,
    rows: rows.size,
    rowUnits: rows.units,
    panels: columns.size,
    columnUnits: columns.units,
    place: {
      b: own.take(packedB === undefined ? columns.size * block * 32 : 0),
      aRows: own.take((rows.size + TILE_ROWS) * 4),
      cRows: own.take((rows.size + TILE_ROWS) * 4),
      stripRows: own.take((rows.size + TILE_ROWS) * 4),
      strip: own.take((rows.size + TILE_ROWS) * 32),
      segment: own.take(8),
      mask: own.take(32),
      unused: own.take((columns.size + 1) * 32),
    },
  };
  if (typeof PLANS_ONLY === "undefined") {
    stages.push({
      units: batch * rows.units * columns.units,
      run(exports, addresses, begin, end) {
        const a = turnedA === undefined ? addresses.inputs[0] : addresses.scratch + turnedA;
        const b = packedB === undefined ? addresses.inputs[1] : addresses.scratch + packedB;
        const bias = product.hasBias ? addresses.inputs[2] : 0;
        exports.maskLanes(addresses.threadScratch + unit.place.mask, TILE_COLUMNS);
        for (let u = begin; u < end; u++) {
          runUnit(exports, unit, u, a, b, bias, addresses.outputs[0], addresses.threadScratch);
        }
      },
    });
  }
  const packsWeights = packedB !== undefined && turnedA === undefined;
  return {
    stages,
    scratchBytes: scratch.bytes,
    threadScratchBytes: own.bytes,
    ...(packsWeights && { packsWeights }),
  };
}

/** Blocks of K of nearly equal length, each a multiple of 4 (but the last). */
function kBlock(k: number): number {
  const blocks = Math.ceil(k / LARGEST_K_BLOCK);
  return blocks === 1 ? k : roundUp(Math.ceil(k / blocks), 4);
}

/** A [K, M] becomes [M, K]. */
function turnStage({ batch, m, k }: Product, to: number): KernelStage {
  const parts = split(m, Math.max(1, Math.min(16, Math.floor((m * k) / 16_384))), 4);
  return {
    units: batch * parts.units,
    run(exports, addresses, begin, end) {
      for (let u = begin; u < end; u++) {
        const matrix = Math.floor(u / parts.units);
        const first = (u % parts.units) * parts.size;
        const count = Math.min(parts.size, m - first);
        const from = addresses.inputs[0] + (matrix * m * k + first) * 4;
        const target = addresses.scratch + to + (matrix * m + first) * k * 4;
        exports.transpose(from, m * 4, target, k * 4, k, count);
      }
    },
  };
}

/** Packs a narrow B whole: for each block of K its panels, one after another. */
function packStage(product: Product, block: number, to: number): KernelStage {
  const { batch, n, k } = product;
  const panels = Math.ceil(n / TILE_COLUMNS);
  const blocks = Math.ceil(k / block);
  return {
    units: batch * blocks,
    packs: true,
    run(exports, addresses, begin, end) {
      for (let u = begin; u < end; u++) {
        const matrix = Math.floor(u / blocks);
        const first = (u % blocks) * block;
        const depth = Math.min(block, k - first);
        const from = addresses.inputs[1] + matrix * n * k * 4;
        const target = addresses.scratch + to + (matrix * k + first) * panels * 32;
        packB(exports, product, from, 0, n, first, depth, target);
      }
    },
  };
}

function packB(
  exports: KernelExports,
  { n, k, transposeB }: Product,
  from: number,
  columnBegin: number,
  columnEnd: number,
  first: number,
  depth: number,
  to: number,
): void {
  const stride = (transposeB ? k : n) * 4;
  exports.packB(from, stride, transposeB ? 1 : 0, columnBegin, columnEnd, first, depth, to, depth * 32);
}

/** Where the register tile's operands lie: offsets in the thread's scratch. */
export interface TilePlaces {
  readonly b: number;
  readonly aRows: number;
  readonly cRows: number;
  readonly stripRows: number;
  readonly strip: number;
  readonly segment: number;
  readonly mask: number;
  /** Where the rows that only fill up the last tile are written. */
  readonly unused: number;
}

interface Unit {
  readonly product: Product;
  readonly block: number;
  readonly turnedA: number | undefined;
  readonly packedB: number | undefined;
  readonly rows: number;
  readonly rowUnits: number;
  readonly panels: number;
  readonly columnUnits: number;
  readonly place: TilePlaces;
}

function runUnit(
  exports: KernelExports,
  unit: Unit,
  index: number,
  aBase: number,
  bBase: number,
  bias: number,
  output: number,
  own: number,
): void {
  const { product, block, place } = unit;
  const { m, n, k } = product;
  const column = index % unit.columnUnits;
  const row = Math.floor(index / unit.columnUnits) % unit.rowUnits;
  const matrix = Math.floor(index / (unit.columnUnits * unit.rowUnits));
  const allPanels = Math.ceil(n / TILE_COLUMNS);

  const firstRow = row * unit.rows;
  const rows = Math.min(unit.rows, m - firstRow);
  const firstPanel = column * unit.panels;
  const panels = Math.min(unit.panels, allPanels - firstPanel);
  const firstColumn = firstPanel * TILE_COLUMNS;
  const endColumn = Math.min(n, firstColumn + panels * TILE_COLUMNS);
  const tail = (endColumn - firstColumn) % TILE_COLUMNS;

  const tileCount = Math.ceil(rows / TILE_ROWS);
  const filling = tileCount * TILE_ROWS - rows;
  const a = aBase + (matrix * m + firstRow) * k * 4;
  const c = output + ((matrix * m + firstRow) * n + firstColumn) * 4;
  exports.gridTable(own + place.aRows, 1, rows, 0, k * 4, 0, filling, (rows - 1) * k * 4);
  exports.gridTable(own + place.cRows, 1, rows, 0, n * 4, 0, filling, own + place.unused - c);
  if (tail !== 0) exports.gridTable(own + place.stripRows, 1, rows + filling, 0, 32, 0, 0, 0);

  for (let first = 0; first < k; first += block) {
    const depth = Math.min(block, k - first);
    let b = bBase + (matrix * k + first) * allPanels * 32;
    if (unit.packedB === undefined) {
      b = own + place.b;
      packB(exports, product, bBase + matrix * n * k * 4, firstColumn, endColumn, first, depth, b);
    }
    exports.segmentTable(own + place.segment, 1, 1, depth, 0, 0);
    exports.product(
      tileCount,
      CHUNK_TILES,
      own + place.aRows,
      a + first * 4,
      own + place.segment,
      1,
      b,
      depth * 32,
      panels,
      own + place.cRows,
      c,
      tail === 0 ? 0 : own + place.stripRows,
      own + place.strip,
      first === 0 ? 0 : own + place.mask,
    );
  }
  if (tail !== 0) {
    exports.copyStrip(own + place.strip, rows, tail, c + (panels - 1) * 32, n * 4);
  }
  if (bias !== 0 || product.activation !== 0) {
    const biasHere = bias === 0 ? 0 : bias + firstColumn * 4;
    exports.biasActivation(c, n * 4, rows, endColumn - firstColumn, biasHere, product.activation);
  }
}
