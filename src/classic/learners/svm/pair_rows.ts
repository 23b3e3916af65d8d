/** Kernel rows of the examples of two classes, computed as they are asked for. */
import { cat } from "../../../tensor/functions/shape/joining.ts";
import { type Matrix, takeRows } from "../../matrix.ts";
import { computed } from "../products.ts";
import type { Turns } from "../turns.ts";
import type { RowSource } from "./kernel_rows.ts";
import { type Kernel, KernelSide, kernelTensor, type RowTensors, rowTensors } from "./kernels.ts";
import type { PreparedRows } from "./prepared_rows.ts";

/** The examples of a class in the engine's memory. */
export interface HeldClass extends RowTensors {
  /** A multiple of eight; those behind the examples are zeros. */
  readonly rows: number;
}

/** The examples that rows are computed of. */
export interface RowParts {
  readonly kernel: Kernel;
  readonly x: Matrix;
  readonly prepared: PreparedRows;
  /** The two classes as the engine holds them; null for kernels that no engine computes. */
  readonly held: readonly HeldClass[] | null;
  readonly turns: Turns;
}

/** What gives rows of a pair. @param examples - places among all, -1 for a place without one. */
export async function rowsOfPair(
  { kernel, x, prepared, held, turns }: RowParts,
  examples: Int32Array,
): Promise<RowSource["rows"]> {
  if (kernel.kernel === "precomputed") {
    const { columns, data } = x;
    return async (indices) => {
      const values = new Float32Array(indices.length * examples.length);
      let at = 0;
      for (const i of indices) for (const j of examples) values[at++] = data[examples[i] * columns + j];
      return values;
    };
  }
  const placesOf = (indices: readonly number[]) => indices.map((i) => examples[i]);
  if (held === null) {
    const side = await KernelSide.of(kernel, takeRows(x, examples), turns);
    return (indices) => side.values(takeRows(x, placesOf(indices)));
  }
  return (indices) => {
    const points = taken(prepared, placesOf(indices));
    return computed(() => {
      const given = rowTensors(points);
      return cat(
        held.map((side) => kernelTensor(kernel, given, side)),
        1,
      );
    });
  };
}

function taken({ rows, halfSquares }: PreparedRows, places: ArrayLike<number>): PreparedRows {
  const halves =
    halfSquares.length > 0 ? Float32Array.from(places, (place) => halfSquares[place]) : halfSquares;
  return { rows: takeRows(rows, places), halfSquares: halves };
}
