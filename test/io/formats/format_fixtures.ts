/** Files beside the script that made them, and what they hold by another library. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { load, type Tensor } from "../../../src/index.ts";
import { decodeSafetensors, type NamedArray } from "../../../src/io/safetensors/safetensors.ts";
import { storedBytes } from "../../../src/io/safetensors/safetensors_dtypes.ts";

/** The path of a fixture: `pth/dtypes.zip.pth`. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../../../../test/fixtures/${name}`, import.meta.url));
}

export function expectedIn(name: string): ReadonlyMap<string, NamedArray> {
  return decodeSafetensors(readFileSync(fixturePath(name))).tensors;
}

/** A tensor's bits, for comparison: NaN and the sign of zero count. */
export async function bitsOf(tensor: Tensor): Promise<Buffer> {
  return Buffer.from(storedBytes("it", await tensor.data(), tensor.dtype));
}

/** Fails unless the tensors are the expected ones, bit for bit. */
export async function assertSame(
  loaded: Readonly<Record<string, Tensor>>,
  expected: ReadonlyMap<string, NamedArray>,
): Promise<void> {
  assert.deepEqual(Object.keys(loaded).sort(), [...expected.keys()].sort());
  for (const [name, { data, shape, dtype }] of expected) {
    const tensor = loaded[name];
    assert.deepEqual([tensor.dtype, tensor.shape], [dtype, shape], name);
    assert.deepEqual(await bitsOf(tensor), Buffer.from(storedBytes(name, data, dtype)), name);
  }
}

/** Loads a fixture and compares it. */
export async function assertFixture(file: string, expected: string, key?: string): Promise<void> {
  await assertSame(await load(fixturePath(file), key === undefined ? {} : { key }), expectedIn(expected));
}
