/** The printed form of modules, as PyTorch prints them. */
import type { Module } from "./module.ts";

/** `Linear(in_features=400, out_features=120, bias=True)`; modules with children take a line for each. */
export function formatModule(module: Module): string {
  const extra = module.extraRepr();
  const settings = extra === "" ? [] : extra.split("\n");
  const children = module.ownModules().map(([name, child]) => `(${name}): ${indentRest(child.toString())}`);
  return withLines(module.constructor.name, settings, children);
}

/** `Name(settings)` on one line, or one line for each setting and child. */
export function withLines(name: string, settings: readonly string[], children: readonly string[]): string {
  if (children.length === 0 && settings.length <= 1) return `${name}(${settings.join("")})`;
  return `${name}(\n  ${[...settings, ...children].join("\n  ")}\n)`;
}

/** Two spaces more for every line but the first. */
export function indentRest(text: string): string {
  return text.split("\n").join("\n  ");
}

/** A setting as Python prints it: True, None, (2, 2), 'same'. Numbers as `int` does. */
export function py(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value))
    return value.length === 1 ? `(${py(value[0])},)` : `(${value.map(py).join(", ")})`;
  return typeof value === "number" ? pyNumber(value) : String(value);
}

/** A number that is a float in Python: 1 prints as 1.0. */
export function pyFloat(value: number | null | undefined): string {
  if (value === null || value === undefined) return "None";
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : pyNumber(value);
}

/** Shortest digits that give the number back; an exponent below 1e-4 and from 1e16, with two digits. */
function pyNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return String(value);
}
