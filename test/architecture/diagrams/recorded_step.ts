/** One training step of LeNet, as it is recorded, captured, compiled and planned for the wasm engine. */

import { bytesOf } from "../../../src/base/dtype.ts";
import { numel } from "../../../src/base/shape.ts";
import { optimise } from "../../../src/compiler/compile.ts";
import type { Program } from "../../../src/engines/contract/engine.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import type { Capture } from "../../../src/graph/node.ts";
import { manualSeed, models, nn, optim, randint, randn, type Tensor, useEngine } from "../../../src/index.ts";
import { defaultSession, ProgramCache } from "../../../src/runtime/runtime.ts";
import { valueOf } from "../../../src/tensor/tensor.ts";

export interface RecordedStep {
  readonly batch: number;
  /** Nodes that each line of the user's code recorded and the step needs. */
  readonly recorded: { readonly forward: number; readonly backward: number; readonly update: number };
  readonly captured: { readonly nodes: number; readonly inputs: number; readonly states: number };
  /** Nodes left after each pass, in order. */
  readonly passes: readonly { readonly name: string; readonly nodes: number }[];
  readonly memory: {
    /** Bytes of all inputs and temporaries, each with a place of its own. */
    readonly apart: number;
    readonly arena: number;
    /** Results that are written straight over the state that they replace. */
    readonly inPlace: number;
  };
  /** Steps of the program, in order. */
  readonly steps: readonly { readonly op: string; readonly label: string }[];
}

/** The newest node: everything that was recorded before has a smaller number. */
function newest(probe: Tensor): number {
  return valueOf(probe.add(1), "probe", "recordedStep").node?.id ?? Number.NaN;
}

export async function recordedStep(batch = 256): Promise<RecordedStep> {
  await useEngine("wasm", { threads: 1 });
  manualSeed(0);
  const net = models.initXavier(models.lenet());
  const optimizer = optim.SGD(net.parameters(), { lr: 0.9 });
  const x = randn(batch, 1, 28, 28);
  const y = randint(0, 10, [batch]);
  for (const known of [x, y, ...net.parameters()]) await known.tolist();

  const { captured, compiled, marks } = await watched(async () => {
    const loss = nn.functional.crossEntropy(net(x), y);
    const forward = newest(y);
    optimizer.zeroGrad();
    loss.backward();
    const backward = newest(y);
    optimizer.step();
    await loss.item();
    return { forward, backward };
  });
  const ids = captured.nodes.map(({ id }) => id);
  const forward = ids.filter((id) => id < marks.forward).length;
  const backward = ids.filter((id) => id < marks.backward).length - forward;
  const passes: { name: string; nodes: number }[] = [];
  const graph: Graph = captured.build();
  optimise(graph, await defaultSession().connection.started(), (name, { nodes }) =>
    passes.push({ name, nodes: nodes.length }),
  );
  return {
    batch,
    recorded: { forward, backward, update: ids.length - forward - backward },
    captured: { nodes: ids.length, inputs: captured.inputs.length, states: captured.states.length },
    passes,
    memory: memoryOf(compiled),
    steps: compiled.steps.map(({ op, label }) => ({ op, label })),
  };
}

/** What the cache of programs was asked for while `run` ran, the largest of it, and the program that it gave. */
async function watched<T>(
  run: () => Promise<T>,
): Promise<{ captured: Capture; compiled: Program; marks: T }> {
  const { lookUp } = ProgramCache.prototype;
  const asked: { captured: Capture; compiled: Program }[] = [];
  ProgramCache.prototype.lookUp = function (captured, target) {
    const found = lookUp.call(this, captured, target);
    asked.push({ captured, compiled: found.program });
    return found;
  };
  try {
    const marks = await run();
    const [largest] = asked.sort((a, b) => b.captured.nodes.length - a.captured.nodes.length);
    return { ...largest, marks };
  } finally {
    ProgramCache.prototype.lookUp = lookUp;
  }
}

function memoryOf({ values, steps, arenaBytes }: Program): RecordedStep["memory"] {
  const written = new Set(steps.flatMap(({ outputs }) => outputs));
  const sizes = values.map(({ kind, shape, dtype }, id) =>
    kind === "input" || (kind === "temporary" && written.has(id)) ? numel(shape) * bytesOf(dtype) : 0,
  );
  return {
    apart: sizes.reduce((sum, size) => sum + size, 0),
    arena: arenaBytes,
    inPlace: [...written].filter(
      (id) => values[id].kind === "alias" && values[values[id].index].kind === "state",
    ).length,
  };
}
