/** What an example claims about its result (`x.sum(); // 6`), checked to the digits that it prints. */
import assert from "node:assert/strict";
import { Tensor } from "convoyant";

type Plain = number | boolean | string | null | readonly Plain[];

/** Compares a value, or what a promise of it brings, with the text of a comment. */
export async function check(value: unknown, expected: string): Promise<void> {
  const awaited = await value;
  const got = awaited instanceof Tensor ? await awaited.tolist() : awaited;
  assert.ok(agree(got, parse(expected)), `the example says ${expected}, it is ${show(got)}`);
}

/** A number is written with as many decimals as are meant to be exact. */
interface Written {
  readonly value: number;
  readonly tolerance: number;
}

function parse(text: string): unknown {
  const marked = text.replace(/"[^"]*"|-?Infinity|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify({ number: token }),
  );
  try {
    return JSON.parse(marked, (_, value) =>
      typeof value?.number === "string" ? written(value.number) : value,
    );
  } catch {
    throw new Error(`the example's comment "${text}" starts like a value but is none`);
  }
}

function written(text: string): Written {
  const [digits, exponent = "0"] = text.split("e");
  const decimals = (digits.split(".")[1]?.length ?? 0) - Number(exponent);
  const value = Number(text);
  const exact = Number.isInteger(value) && !digits.includes(".");
  return { value, tolerance: exact ? 0 : 0.51 * 10 ** -decimals };
}

function agree(got: unknown, expected: unknown): boolean {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(got) && got.length === expected.length && expected.every((each, i) => agree(got[i], each))
    );
  }
  if (typeof expected !== "object" || expected === null) return got === expected;
  const { value, tolerance } = expected as Written;
  const number = typeof got === "bigint" ? Number(got) : got;
  return number === value || Object.is(number, value) || Math.abs((number as number) - value) <= tolerance;
}

function show(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value as Plain);
}
