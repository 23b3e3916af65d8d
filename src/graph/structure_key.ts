/** Text by which equal structure is recognised: ops and attributes. */
import type { Attributes } from "../engines/contract/engine.ts";
import { NO_ATTRIBUTES, type OpDefinition } from "./node.ts";

const opNumbers = new Map<OpDefinition, number>();

/** A small number for each op. */
export function opNumber(op: OpDefinition): number {
  let number = opNumbers.get(op);
  if (number === undefined) {
    number = opNumbers.size;
    opNumbers.set(op, number);
  }
  return number;
}

/** Attributes as text; equal for equal contents. */
export function attributeKey(attributes: Attributes): string {
  if (attributes === NO_ATTRIBUTES) return "";
  let text = "{";
  for (const name in attributes) text += `${name}:${plainText(attributes[name])},`;
  return text;
}

/** Like JSON, but keeps NaN, the infinities and -0 apart. */
function plainText(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map(plainText).join(",")}]`;
  if (typeof value === "object" && value !== null) return attributeKey(value as Attributes);
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
