/** Vectors by number. */

import type { DType, TypedArray } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { deferredValue } from "../../graph/deferred_value.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { keyFrom, overwrite } from "../init/initial_values.ts";
import { fillNormal } from "../init/random_fill.ts";
import { countArgument, newParameter } from "../module/layer_parameters.ts";
import { Module } from "../module/module.ts";
import { pyFloat } from "../module/module_text.ts";
import type { ParameterTensor } from "../module/parameter.ts";

/** What `Embedding` takes. */
export interface EmbeddingSettings {
  /** How many vectors there are. */
  numEmbeddings: number;
  /** Length of a vector. */
  embeddingDim: number;
  /** An index whose vector is 0 and stays so; negative ones count from the end. @default null */
  paddingIdx?: number | null;
  /** Norm to which vectors that are asked for and longer are shortened first, for good; null for none. @default null */
  maxNorm?: number | null;
  /** The p of the norm that measures them. @default 2 */
  normType?: number;
  /** Whether a vector's gradient is divided by how often it is asked for in a batch. @default false */
  scaleGradByFreq?: boolean;
  /** Only false: gradients are dense here. @default false */
  sparse?: boolean;
  /** Dtype of the parameters. @default "float32" */
  dtype?: DType;
}

const EMBEDDING = parameterTable<EmbeddingSettings>("Embedding")(
  [
    "numEmbeddings",
    "embeddingDim",
    "paddingIdx?:integer|null",
    "maxNorm?:number|null",
    "normType?:number",
    "scaleGradByFreq?:boolean",
    "sparse?:boolean",
    "dtype?:dtype",
  ],
  (
    numEmbeddings,
    embeddingDim,
    paddingIdx = null,
    maxNorm = null,
    normType = 2,
    scaleGradByFreq = false,
    sparse = false,
    dtype = "float32",
  ) => {
    const norm = { maxNorm, normType };
    return { numEmbeddings, embeddingDim, paddingIdx, ...norm, scaleGradByFreq, sparse, dtype };
  },
);

/** See {@link Embedding}. */
export class EmbeddingLayer extends Module {
  /** How many vectors there are. */
  readonly numEmbeddings: number;
  /** Length of a vector. */
  readonly embeddingDim: number;
  /** An index whose vector is 0 and stays so. */
  readonly paddingIdx: number | null;
  /** Norm to which longer vectors are shortened. */
  readonly maxNorm: number | null;
  /** The p of the norm. */
  readonly normType: number;
  /** Whether gradients are divided by how often a vector is asked for. */
  readonly scaleGradByFreq: boolean;
  /** One row for each index. */
  weight: ParameterTensor;

  constructor(...args: ArgumentsOf<typeof EMBEDDING>) {
    super();
    const bound = EMBEDDING.bind(args);
    const { numEmbeddings, embeddingDim, paddingIdx, dtype } = bound;
    if (bound.sparse) throw new ArgumentError("Embedding: expected `sparse` false; gradients are dense here");
    this.numEmbeddings = countArgument("Embedding", "numEmbeddings", numEmbeddings);
    this.embeddingDim = countArgument("Embedding", "embeddingDim", embeddingDim);
    if (paddingIdx !== null && !(paddingIdx >= -numEmbeddings && paddingIdx < numEmbeddings)) {
      throw new ArgumentError(
        `Embedding: expected \`paddingIdx\` within the ${numEmbeddings} embeddings, got ${paddingIdx}`,
      );
    }
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    this.maxNorm = bound.maxNorm;
    this.normType = bound.normType;
    this.scaleGradByFreq = bound.scaleGradByFreq;
    this.weight = newParameter([numEmbeddings, embeddingDim], dtype);
    this.resetParameters();
  }

  /** Draws the vectors from N(0, 1); that of `paddingIdx` is 0. */
  resetParameters(): void {
    const key = keyFrom();
    const { embeddingDim: size, paddingIdx } = this;
    const fill = (out: TypedArray) => {
      fillNormal(out, key, 0, 1);
      if (paddingIdx !== null) out.fill(0, paddingIdx * size, (paddingIdx + 1) * size);
    };
    overwrite(this.weight, deferredValue(this.weight.shape, this.weight.dtype, fill));
  }

  override forward(input: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return F.embedding.direct(input, this.weight, paddingIdx, maxNorm, normType, scaleGradByFreq);
  }

  override extraRepr(): string {
    const parts = [`${this.numEmbeddings}, ${this.embeddingDim}`];
    if (this.paddingIdx !== null) parts.push(`padding_idx=${this.paddingIdx}`);
    if (this.maxNorm !== null) parts.push(`max_norm=${pyFloat(this.maxNorm)}`);
    if (this.normType !== 2) parts.push(`norm_type=${pyFloat(this.normType)}`);
    if (this.scaleGradByFreq) parts.push("scale_grad_by_freq=True");
    return parts.join(", ");
  }
}

/**
 * A learned vector for each of `numEmbeddings` numbers.
 *
 * @param paddingIdx - a number whose vector is 0 and stays so.
 * @param maxNorm - vectors that are asked for and longer than this are shortened to it first, for good.
 * @param normType - the p of the norm that measures them.
 * @param scaleGradByFreq - divides a vector's gradient by how often it is asked for in a batch.
 * @throws IndexError for a number outside 0 to numEmbeddings - 1.
 * @example
 * ```ts
 * nn.Embedding(100, 16)(tensor([[3, 5, 5]])).shape; // [1, 3, 16]
 * ```
 */
export const Embedding = callable("Embedding", EmbeddingLayer);
export type Embedding = EmbeddingLayer;
