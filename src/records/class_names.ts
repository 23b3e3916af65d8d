/** A class in English and, if it is known, in Chinese. */
export interface TranslatedName {
  readonly en: string;
  readonly zh?: string;
}

/** What a class is called. A bare string is a name in any language. */
export type ClassName = string | TranslatedName;

/**
 * Whether something out of a file is the name of a class.
 *
 * @example
 * ```ts
 * import { isClassName } from "convoyant/report";
 * isClassName({ en: "bag", zh: "包" }); // true
 * isClassName(3); // false
 * ```
 */
export function isClassName(value: unknown): value is ClassName {
  if (typeof value === "string") return true;
  const { en, zh } = (value ?? {}) as { en?: unknown; zh?: unknown };
  return typeof en === "string" && (zh === undefined || typeof zh === "string");
}

/**
 * "ankle boot 短靴", or the class's number if it has no name.
 *
 * @example
 * ```ts
 * import { className } from "convoyant/report";
 * className([{ en: "bag", zh: "包" }], 0); // "bag 包"
 * className(undefined, 7); // "class 7"
 * ```
 */
export function className(names: readonly ClassName[] | undefined, index: number): string {
  const name = names?.[index];
  if (name === undefined) return `class ${index}`;
  if (typeof name === "string") return name;
  return name.zh === undefined ? name.en : `${name.en} ${name.zh}`;
}

/**
 * The English part alone, for places without room.
 *
 * @example
 * ```ts
 * import { shortClassName } from "convoyant/report";
 * shortClassName([{ en: "bag", zh: "包" }], 0); // "bag"
 * ```
 */
export function shortClassName(names: readonly ClassName[] | undefined, index: number): string {
  const name = names?.[index];
  if (name === undefined) return String(index);
  return typeof name === "string" ? name : name.en;
}
