/** The pipeline before convolutional networks: features made by hand, and classifiers trained on them. */
export * from "./features/index.ts";
export * from "./images/index.ts";
export * from "./learners/index.ts";
export { type Matrix, matrix, rowOf, takeRows } from "./matrix.ts";
export * from "./words/index.ts";
