/** The pipeline before convolutional networks: features made by hand, and classifiers trained on them. */
export { type Matrix, matrix, rowOf, takeRows } from "./matrix.ts";
