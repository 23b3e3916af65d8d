/** Points as plain data. */

/** Points, a row each. */
export interface Points {
  readonly rows: number;
  readonly columns: number;
  /** `rows * columns` numbers, row by row. */
  readonly data: Float32Array | Float64Array;
}
