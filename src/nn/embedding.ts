/** Vectors by number. */
import { bindArguments, signature } from "../base/arguments.ts";
import { callable } from "../base/callable.ts";
import type { DType, TypedArray } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { fillNormal } from "../base/random_fill.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { deferredValue, keyFrom, overwrite } from "./initial_values.ts";
import { countArgument, newParameter } from "./layer_parameters.ts";
import { Module } from "./module.ts";
import type { ParameterTensor } from "./parameter.ts";

type EmbeddingArguments =
  | [numEmbeddings: number, embeddingDim: number, paddingIdx?: number | null]
  | [numEmbeddings: number, embeddingDim: number, options?: { paddingIdx?: number | null; dtype?: DType }]
  | [options: { numEmbeddings: number; embeddingDim: number; paddingIdx?: number | null; dtype?: DType }];

const SIGNATURE = signature("Embedding", [
  "numEmbeddings",
  "embeddingDim",
  "paddingIdx?:whole|null",
  "dtype?",
]);

/** See {@link Embedding}. */
export class EmbeddingLayer extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  weight: ParameterTensor;

  constructor(...args: EmbeddingArguments) {
    super();
    const {
      numEmbeddings,
      embeddingDim,
      paddingIdx = null,
      dtype = "float32",
    } = bindArguments(SIGNATURE, args);
    this.numEmbeddings = countArgument("Embedding", "numEmbeddings", numEmbeddings);
    this.embeddingDim = countArgument("Embedding", "embeddingDim", embeddingDim);
    if (paddingIdx !== null && !(paddingIdx >= -numEmbeddings && paddingIdx < numEmbeddings)) {
      throw new ArgumentError(
        `Embedding: expected \`paddingIdx\` within the ${numEmbeddings} embeddings, got ${paddingIdx}`,
      );
    }
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
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
    return F.embedding(input, this.weight, { paddingIdx: this.paddingIdx });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? "" : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}

/**
 * A learned vector for each of `numEmbeddings` numbers.
 *
 * @param paddingIdx - a number whose vector is 0 and stays so.
 * @throws IndexError for a number outside 0 to numEmbeddings - 1.
 * @example
 * ```ts
 * nn.Embedding(100, 16)(tensor([[3, 5, 5]])).shape; // [1, 3, 16]
 * ```
 */
export const Embedding = callable("Embedding", EmbeddingLayer);
export type Embedding = EmbeddingLayer;
