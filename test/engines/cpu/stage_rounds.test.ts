import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { KernelExports } from "../../../src/engines/cpu/kernel.ts";
import { type BoundStage, roundsOf } from "../../../src/engines/cpu/worker_service.ts";

const NO_EXPORTS: KernelExports = {};
const ADDRESSES = { inputs: [], outputs: [], scratch: 0, threadScratch: 0 };

const steps = fc.array(
  fc.array(fc.record({ units: fc.nat(9), cost: fc.nat(5), packs: fc.boolean() }), { maxLength: 4 }),
  {
    maxLength: 5,
  },
);

test("each unit of joined steps runs once, however the units are cut, and no stage before the one that it follows", () => {
  fc.assert(
    fc.property(steps, fc.boolean(), fc.integer({ min: 1, max: 7 }), (given, packs, cut) => {
      const ran: string[] = [];
      const bound = given.map((stages, step) =>
        stages.map(
          (stage, i): BoundStage => ({
            ...stage,
            step,
            addresses: ADDRESSES,
            run: (_exports, _addresses, begin, end) => {
              for (let unit = begin; unit < end; unit++) ran.push(`${step} ${i} ${unit}`);
            },
          }),
        ),
      );
      const stagesSoFar = new Map<number, number>();
      for (const round of roundsOf(bound, packs, 2)) {
        assert.equal(round.divided, round.units > 1);
        const from = ran.length;
        for (let begin = 0; begin < round.units; begin += cut)
          round.run(NO_EXPORTS, begin, Math.min(round.units, begin + cut));
        assert.equal(ran.length - from, round.units);
        const now = new Map(ran.slice(from).map((unit) => unit.split(" ").map(Number) as [number, number]));
        for (const [step, stage] of now) {
          assert.ok((stagesSoFar.get(step) ?? -1) < stage);
          stagesSoFar.set(step, stage);
        }
      }
      const wanted = given.flatMap((stages, step) =>
        stages.flatMap(({ units, packs: only }, i) =>
          only && !packs ? [] : Array.from({ length: units }, (_, unit) => `${step} ${i} ${unit}`),
        ),
      );
      assert.deepEqual(ran.sort(), wanted.sort());
    }),
  );
});

test("one thread has nothing to divide", () => {
  const stage: BoundStage = { step: 0, units: 5, cost: 1, packs: false, addresses: ADDRESSES, run: () => {} };
  assert.deepEqual(
    roundsOf([[stage], [stage]], false, 1).map(({ divided, units }) => [divided, units]),
    [[false, 10]],
  );
});
