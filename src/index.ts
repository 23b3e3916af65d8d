/**
 * Convoyant: deep learning for vision in TypeScript.
 *
 * Functions on tensors stand at the root under PyTorch's names; `nn`, `optim`, `data`, `train`, `models` and `book`
 * are namespaces. This is the entry for Node.js; what a page gets (`browser.ts`) lacks only the files.
 *
 * @packageDocumentation
 */

export * from "./browser.ts";
export { save } from "./io/state_dict_file.ts";
