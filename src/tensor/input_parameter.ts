import type { Tensor } from "./tensor.ts";

/** What most functions, and so the methods of a tensor, take first. */
export interface InputParameter {
  /** The tensor. */
  input: Tensor;
}
