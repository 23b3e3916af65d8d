/**
 * The kernels of hand-made features and of support vector machines, in a binary of their own: pages that only train
 * networks need not load it. The rules of `index.ts` hold here too.
 */
export { blurPlane, extremaOfRow } from "./blur";
export { addScaledWide, descentPass, squareWide } from "./coordinate_descent";
export { exampleOfPanel, halfSquaresOfPanel, rbfOfProducts, subtractRow } from "./kernel_rows";
export { transpose } from "./transpose";
export { allFinite, moveAndSelect, secondOfPair } from "./working_set";
