/** One training step of LeNet as a diagram: recorded, captured, compiled, planned, run. */
import type { RecordedStep } from "./recorded_step.ts";
import { label, rectangle, svg, words } from "./svg.ts";

const WIDTH = 880;
const LEFT = 160;
const RIGHT = 20;
const LINE = 24;
const BLUE = "#bfdbfe";
const GREEN = "#bbf7d0";
const YELLOW = "#fde68a";
const GREY = "#e2e8f0";

/** What each pass does, in a few words. */
const MEANING: Readonly<Record<string, string>> = {
  deadCode: "what is not needed is removed",
  joinShards: "shards of several ranks meet",
  widenHalf: "16-bit floats that no kernel takes are converted",
  decompose: "ops without a kernel become several",
  commonSubexpressions: "equal computations are joined",
  foldChannelScales: "factors of channels move into the convolution before",
  fuseActivation: "activations move into the convolution or product before",
  channelsLast: "channels last, if the engine asks for it",
  unusedOutputs: "results that a kernel can do without are left out",
  widenRest: "what is left in 16 bits is converted",
  foldScalars: "scalars become constants of loops",
  fuseLoops: "chains of element-wise ops and reductions become loops",
  overlapReductions: "sums over ranks begin early",
};

function meaningOf(pass: string): string {
  const meaning = MEANING[pass];
  if (meaning === undefined) throw new Error(`say in step_diagram.ts what the pass ${pass} does`);
  return meaning;
}

/** A part of the diagram under a heading at the left; knows how high it is. */
interface Part {
  readonly heading: string;
  readonly note: string;
  readonly height: number;
  draw(top: number): string[];
}

export function stepDiagram(step: RecordedStep): string {
  const parts = [recording(step), capturing(step), compiling(step), planning(step), running(step)];
  const drawn: string[] = [];
  let top = 56;
  drawn.push(
    words(
      20,
      32,
      `One training step of LeNet, batch ${step.batch}, wasm engine`,
      'font-size="18" font-weight="600"',
    ),
  );
  for (const part of parts) {
    drawn.push(words(20, top + 17, part.heading, 'font-weight="600"'));
    drawn.push(words(20, top + 35, part.note, 'font-size="12" fill-opacity="0.7"'));
    drawn.push(...part.draw(top));
    top += part.height + 26;
    drawn.push(`<path d="M20 ${top - 13} H${WIDTH - RIGHT}" stroke="#cbd5e1"/>`);
  }
  return svg(
    WIDTH,
    top - 6,
    "A training step from the recorded nodes to the steps that the engine runs",
    drawn.slice(0, -1),
  );
}

/** Numbers side by side, as wide as they are large. */
function shares(
  top: number,
  list: readonly { readonly text: string; readonly size: number }[],
  fill: string,
): string[] {
  const whole = list.reduce((sum, { size }) => sum + size, 0);
  const room = WIDTH - LEFT - RIGHT;
  let x = LEFT;
  return list.flatMap(({ text, size }) => {
    const box = { x, y: top, width: Math.round((room * size) / whole) - 4, height: 34 };
    x += box.width + 4;
    return [rectangle(box, fill), label(box, text, 'font-size="13"')];
  });
}

function recording({ recorded: { forward, backward, update } }: RecordedStep): Part {
  return {
    heading: "Record",
    note: "nothing is computed",
    height: 40,
    draw: (top) =>
      shares(
        top,
        [
          { text: `net(x), loss: ${forward} nodes`, size: forward },
          { text: `backward(): ${backward} nodes`, size: backward },
          { text: `step(): ${update} nodes`, size: update },
        ],
        BLUE,
      ),
  };
}

function capturing({ captured: { nodes, inputs, states } }: RecordedStep): Part {
  return {
    heading: "Capture",
    note: "a graph and its key",
    height: 40,
    draw: (top) => [
      words(
        LEFT,
        top + 17,
        `${nodes} nodes, ${inputs} inputs (batch, labels, scalars), ${states} states (weights, gradients)`,
      ),
      words(
        LEFT,
        top + 35,
        "The key is the structure, never the data: the next step finds the program in the cache.",
        'font-size="12" fill-opacity="0.7"',
      ),
    ],
  };
}

/** The graph's size after each pass. */
function compiling({ passes, captured }: RecordedStep): Part {
  const most = Math.max(captured.nodes, ...passes.map(({ nodes }) => nodes));
  const [names, bars] = [LEFT, LEFT + 180];
  return {
    heading: "Passes",
    note: "nodes left after each",
    height: passes.length * LINE,
    draw: (top) =>
      passes.flatMap(({ name, nodes }, i) => {
        const y = top + i * LINE;
        const box = { x: bars, y, width: Math.round((nodes / most) * 160), height: LINE - 6 };
        return [
          words(names, y + 14, name, 'font-size="13"'),
          rectangle(box, GREEN),
          words(box.x + 8, y + 14, String(nodes), 'font-size="12"'),
          words(bars + 176, y + 14, meaningOf(name), 'font-size="12" fill-opacity="0.7"'),
        ];
      }),
  };
}

function planning({ memory: { apart, arena, inPlace } }: RecordedStep): Part {
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const most = Math.max(apart, arena);
  const bar = (top: number, bytes: number, text: string, fill: string) => [
    rectangle({ x: LEFT, y: top, width: Math.round((bytes / most) * 340), height: LINE - 4 }, fill),
    words(LEFT + 8, top + 15, megabytes(bytes), 'font-size="12"'),
    words(LEFT + 356, top + 15, text, 'font-size="12" fill-opacity="0.7"'),
  ];
  return {
    heading: "Plan",
    note: "memory",
    height: 3 * LINE,
    draw: (top) => [
      ...bar(top, apart, "inputs and temporaries, each in bytes of its own", GREY),
      ...bar(top + LINE, arena, "the arena: what is never alive together shares bytes", YELLOW),
      words(
        LEFT,
        top + 2 * LINE + 15,
        `${inPlace} results are written straight over the state that they replace.`,
        'font-size="13"',
      ),
    ],
  };
}

/** The steps in order, one box each; equal ones that follow each other in one. */
function running({ steps }: RecordedStep): Part {
  const runs: { op: string; count: number }[] = [];
  for (const { op } of steps) {
    const name = op === "fused" ? "loop" : op;
    const last = runs.at(-1);
    if (last?.op === name) last.count++;
    else runs.push({ op: name, count: 1 });
  }
  const rows: string[][] = [];
  let x = LEFT;
  let row = 0;
  for (const { op, count } of runs) {
    const text = count === 1 ? op : `${op} x ${count}`;
    const width = Math.round(text.length * 7.2 + 18);
    if (x + width > WIDTH - RIGHT) {
      x = LEFT;
      row++;
    }
    rows.push([text, String(x), String(row), String(width)]);
    x += width + 6;
  }
  return {
    heading: "Run",
    note: `${steps.length} steps, in order`,
    height: (row + 1) * 32,
    draw: (top) =>
      rows.flatMap(([text, left, at, width]) => {
        const box = { x: Number(left), y: top + Number(at) * 32, width: Number(width), height: 26 };
        return [rectangle(box, text.startsWith("loop") ? GREEN : BLUE), label(box, text, 'font-size="13"')];
      }),
  };
}
