/** TypeScript as JavaScript, line by line the same. */
import { transform } from "sucrase";

/** @throws SyntaxError with `loc` for what is not TypeScript. */
export function stripTypes(code: string): string {
  return transform(code, { transforms: ["typescript"], disableESTransforms: true, production: true }).code;
}
