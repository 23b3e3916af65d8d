/** The kernel's draws against the reference kernel's, bit for bit. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as convoyant from "../../../src/index.ts";

after(() => convoyant.stopEngine());

test("uniform draws are the reference engine's, bit for bit", async () => {
  const draws = async (engine: string, threads?: number) => {
    await convoyant.useEngine(engine, threads === undefined ? {} : { threads });
    convoyant.manualSeed(2 ** 40 + 5);
    const out: number[][] = [];
    for (const size of [1, 2, 3, 4, 5, 8191, 70_001]) {
      const x = convoyant.rand(size).mul(1);
      out.push(Array.from(await x.data()));
      const kept = convoyant.nn.functional.dropout(convoyant.ones(size), 0.5, true);
      out.push(Array.from(await kept.data()));
    }
    return out;
  };
  const expected = await draws("reference");
  for (const threads of [1, 2, 3]) assert.deepEqual(await draws("wasm", threads), expected);
});
