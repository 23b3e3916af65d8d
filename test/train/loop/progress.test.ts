import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, mock, test } from "node:test";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { stopEngine, type Tensor, useEngine } from "../../../src/tensor/index.ts";
import { type BatchSource, type FitOptions, fit, progressDisplay } from "../../../src/train/index.ts";
import { packageUrl } from "../../built_package.ts";
import { quadrantBatches, quadrantLoader } from "../small_data.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(stopEngine);

function train(more: Partial<FitOptions> = {}) {
  const net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4));
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const loaders = { trainLoader: quadrantLoader(80, 1), testLoader: quadrantLoader(32, 2) };
  return fit(net, { ...loaders, optimizer, epochs: 2, ...more });
}

/** What is written to a stream that is, or is not, a terminal. */
async function written(isTTY: boolean, more: Partial<FitOptions> = {}): Promise<string> {
  let text = "";
  const stream = { isTTY, columns: 100, rows: 40, write: (part: string) => void (text += part) };
  await train({ progress: false, callbacks: progressDisplay({ stream }), ...more });
  return text;
}

const ESC = "\u001b";
const EPOCH =
  /^epoch (\d)\/2: training loss [\d.]+, training accuracy [\d.]+, test accuracy [\d.]+, [\d.,k]+ examples\/s/;

test("in a pipe: a line for each epoch and one at the end, no escape codes", async () => {
  const text = await written(false);
  const lines = text.trimEnd().split("\n");
  assert.equal(lines.length, 3, text);
  assert.deepEqual(
    lines.slice(0, 2).map((line) => EPOCH.exec(line)?.[1]),
    ["1", "2"],
  );
  assert.match(
    lines[2],
    /^finished: training loss [\d.]+, training accuracy [\d.]+, test accuracy [\d.]+, .* examples\/s, \d+:\d\d$/,
  );
  assert.ok(!text.includes(ESC));
});

test("on a terminal: drawn in place, with an estimate, and the last line stays", async () => {
  const text = await written(true);
  assert.ok(text.includes(ESC));
  assert.match(text, /epoch 1\/2/);
  assert.match(text, /left/);
  assert.match(text.trimEnd().split("\n").at(-1) ?? "", /finished: training loss/);
});

test("a source whose length is not known, and a network that is not a classifier, are shown without what is not known", async () => {
  const unknown: BatchSource = {
    async *[Symbol.asyncIterator]() {
      yield* quadrantBatches(3, 1).map(([x]) => [x, x.sum(1, true)] as const);
    },
  };
  const loss = (output: Tensor, target: Tensor) => nn.functional.mseLoss(output.sum(1, true), target);
  for (const isTTY of [false, true]) {
    const text = await written(isTTY, { trainLoader: unknown, testLoader: null, loss });
    assert.equal(/NaN|null|undefined|Infinity/.exec(text), null);
    assert.match(text, /finished: training loss [\d.]+, [\d.,k]+ examples\/s/);
  }
});

test("the display is ended when training fails, and notes stay above it", async () => {
  let text = "";
  const stream = { isTTY: true, columns: 100, rows: 40, write: (part: string) => void (text += part) };
  const display = progressDisplay({ stream });
  await assert.rejects(
    train({
      progress: false,
      callbacks: [
        display,
        {
          onStep: () => {
            throw new Error("mine");
          },
        },
      ],
    }),
    /mine/,
  );
  display.stop();
  display.onNote("a note");
  assert.match(text, /a note\n/);
});

/** A training as a process of its own, whose standard error is a pipe. */
function stderrOf(options: string): { stderr: string; stdout: string } {
  const script = `
    import { nn, optim, randint, randn, stopEngine, train, useEngine } from ${JSON.stringify(packageUrl("index"))};
    await useEngine("wasm", { threads: 1 });
    const net = nn.Linear(2, 4);
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
    await train.fit(net, { trainLoader: [[randn(4, 2), randint(0, 4, [4])]], optimizer, epochs: 1, ${options} });
    await stopEngine();
  `;
  const { stderr, stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return { stderr, stdout };
}

test("nothing is printed into a pipe unless it is asked for, and never on standard output", () => {
  assert.deepEqual(stderrOf(""), { stderr: "", stdout: "" });
  assert.deepEqual(stderrOf("progress: false"), { stderr: "", stdout: "" });
  const { stderr, stdout } = stderrOf("progress: true");
  assert.match(stderr, /^epoch 1\/1: training loss .*\nfinished: training loss .*\n$/);
  assert.equal(stdout, "");
});

test("on a terminal it is shown by default, and `progress: false` turns it off", async () => {
  const before = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
  const write = mock.method(process.stderr, "write", () => true);
  Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
  try {
    await train({ progress: false });
    assert.equal(write.mock.callCount(), 0);
    await train();
    assert.match(
      write.mock.calls.map(({ arguments: [text] }) => String(text)).join(""),
      /finished: training loss/,
    );
  } finally {
    write.mock.restore();
    if (before === undefined) delete (process.stderr as { isTTY?: boolean }).isTTY;
    else Object.defineProperty(process.stderr, "isTTY", before);
  }
});

test("in a page what is asked for goes to the console", async () => {
  const descriptor = Object.getOwnPropertyDescriptor(process, "stderr") as PropertyDescriptor;
  const log = mock.method(console, "log", () => {});
  Object.defineProperty(process, "stderr", { value: undefined, configurable: true });
  try {
    await train();
    assert.equal(log.mock.callCount(), 0);
    await train({ progress: true });
    assert.match(
      log.mock.calls.map(({ arguments: [text] }) => String(text)).join("\n"),
      /^epoch 1\/2: .*\nepoch 2\/2: .*\nfinished: /,
    );
  } finally {
    Object.defineProperty(process, "stderr", descriptor);
    log.mock.restore();
  }
});
