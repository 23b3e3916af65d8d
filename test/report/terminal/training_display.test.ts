// biome-ignore-all lint/suspicious/noControlCharactersInRegex: escape characters are what these tests look for
import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveRegion } from "../../../src/report/terminal/live_region.ts";
import { nodeTerminal } from "../../../src/report/terminal/node_terminal.ts";
import type { Terminal } from "../../../src/report/terminal/terminal.ts";
import { displayWidth } from "../../../src/report/terminal/text_width.ts";
import { TrainingDisplay } from "../../../src/report/terminal/training_display.ts";
import { samplePoints } from "../sample_run.ts";

function recorder(options: Partial<Terminal> = {}) {
  const writes: string[] = [];
  const terminal = {
    isTTY: true,
    columns: 80,
    rows: 24,
    colour: 0 as const,
    unicode: true,
    ...options,
    write: (text: string) => void writes.push(text),
  };
  return { writes, terminal };
}

/** A screen that understands what the live region writes. */
function screenOf(writes: readonly string[], rows: number): string[] {
  const lines = [""];
  let row = 0;
  for (const [, code, text] of writes.join("").matchAll(/\u001b\[([0-9;?]*[A-Za-z])|([^\u001b]+)/g)) {
    if (text !== undefined) {
      for (const [i, part] of text.replace(/\r/g, "").split("\n").entries()) {
        if (i > 0) row++;
        lines[row] = (i > 0 ? "" : (lines[row] ?? "")) + part;
      }
    } else if (code.endsWith("A")) {
      const up = Number(code.slice(0, -1));
      assert.ok(up < rows, "the cursor stays on the screen");
      row -= up;
      lines[row] = "";
    } else if (code === "J") lines.length = row + 1;
  }
  return lines;
}

function train(display: TrainingDisplay, clock: { time: number }, epochs: number) {
  for (const [i, point] of samplePoints(epochs).entries()) {
    for (let step = 1; step <= 10; step++) {
      clock.time += 0.05;
      const epoch = Math.floor(i / 5);
      display.step({
        epoch,
        step: (i % 5) * 10 + step,
        loss: point.trainLoss,
        accuracy: point.trainAccuracy,
      });
    }
    display.point(point);
  }
}

test("in a pipe: a line an epoch, no escape code, nothing between", () => {
  const { writes, terminal } = recorder({ isTTY: false });
  const clock = { time: 0 };
  const display = new TrainingDisplay(terminal, { epochs: 3, stepsPerEpoch: 50, now: () => clock.time });
  train(display, clock, 3);
  display.stop();
  assert.equal(writes.length, 3);
  assert.match(
    writes[0],
    /^epoch 1\/3: training loss 0\.5\d\d, training accuracy 0\.\d+, test accuracy 0\.650, 0:05 left\n$/,
  );
  assert.match(writes[2], /^epoch 3\/3: /);
  assert.doesNotMatch(writes.join(""), /\u001b|\r/);
});

test("in a pipe a slow epoch speaks every half minute", () => {
  const { writes, terminal } = recorder({ isTTY: false });
  const clock = { time: 0 };
  const display = new TrainingDisplay(terminal, { epochs: 1, stepsPerEpoch: 100, now: () => clock.time });
  for (let step = 1; step <= 90; step++) {
    clock.time += 1;
    display.step({ epoch: 0, step, loss: 2 });
  }
  assert.equal(writes.length, 3);
  assert.match(writes[0], /^epoch 1\/1, step 30\/100, loss 2\.000, 1:10 left\n$/);
});

test("on a terminal: redrawn in place, throttled, the chart stays and the progress line goes", () => {
  const { writes, terminal } = recorder();
  const clock = { time: 0 };
  const display = new TrainingDisplay(terminal, { epochs: 2, stepsPerEpoch: 50, now: () => clock.time });
  train(display, clock, 2);
  assert.ok(writes.length <= 65, `${writes.length} frames for 100 steps`);
  const during = screenOf(writes, terminal.rows);
  assert.match(during.at(-2) as string, /^epoch 2\/2 .*50\/50 .*loss 0\.\d+ .*0:00 left$/);
  assert.ok(during.length <= terminal.rows);
  for (const line of during) assert.ok(displayWidth(line) < terminal.columns);
  display.stop();
  display.stop();
  const after = screenOf(writes, terminal.rows);
  assert.match(after[0], /train loss/);
  assert.doesNotMatch(after.join("\n"), /left/);
  assert.equal(after.at(-1), "", "the cursor stands on a line of its own");
});

test("every frame shows the cursor again, so that an interruption at any moment leaves it visible", () => {
  const { writes, terminal } = recorder();
  const clock = { time: 0 };
  const display = new TrainingDisplay(terminal, { epochs: 1, stepsPerEpoch: 50, now: () => clock.time });
  train(display, clock, 1);
  for (const frame of writes) {
    assert.ok(frame.lastIndexOf("\u001b[?25h") > frame.lastIndexOf("\u001b[?25l"));
    assert.ok(frame.lastIndexOf("\u001b[?2026l") > frame.lastIndexOf("\u001b[?2026h"));
  }
});

test("a logged line stays above the live part, and on a pipe is just a line", () => {
  const { writes, terminal } = recorder();
  const region = new LiveRegion(terminal);
  region.draw(["one", "two"]);
  region.writeAbove("note");
  region.draw(["three"]);
  assert.deepEqual(screenOf(writes, 24).slice(0, 2), ["note", "three"]);
  const pipe = recorder({ isTTY: false });
  const plain = new LiveRegion(pipe.terminal);
  plain.draw(["one"]);
  plain.writeAbove("note");
  plain.clear();
  assert.deepEqual(pipe.writes, ["note\n"]);
});

test("a screen too small for the chart gets the progress line alone; a tiny one never scrolls", () => {
  for (const [columns, rows] of [
    [30, 24],
    [80, 8],
    [10, 2],
    [1, 1],
  ]) {
    const { writes, terminal } = recorder({ columns, rows });
    const clock = { time: 0 };
    const display = new TrainingDisplay(terminal, { epochs: 1, stepsPerEpoch: 50, now: () => clock.time });
    train(display, clock, 1);
    assert.doesNotMatch(writes.join(""), /train loss/);
    assert.ok(writes.every((frame) => frame.split("\n").length <= Math.max(2, rows)));
  }
});

test("nothing is written after stop", () => {
  const { writes, terminal } = recorder();
  const display = new TrainingDisplay(terminal, { epochs: 1, stepsPerEpoch: 5 });
  display.stop();
  const before = writes.length;
  display.step({ epoch: 0, step: 1 });
  display.point({ epoch: 1, trainLoss: 1, trainAccuracy: 0.5 });
  display.phase("testing");
  assert.equal(writes.length, before);
});

test("what a stream can show", () => {
  const tty = { write: () => true, isTTY: true, columns: 100, rows: 30, getColorDepth: () => 24 };
  const utf8 = { TERM: "xterm-256color", LANG: "en_GB.UTF-8" };
  const plain = nodeTerminal({ write: () => true }, utf8);
  assert.deepEqual([plain.isTTY, plain.colour, plain.columns, plain.rows], [false, 0, 80, 24]);
  const rich = nodeTerminal(tty, utf8);
  assert.deepEqual(
    [rich.isTTY, rich.colour, rich.unicode, rich.columns, rich.rows],
    [true, 24, true, 100, 30],
  );
  assert.equal(nodeTerminal(tty, { ...utf8, NO_COLOR: "1" }).colour, 0);
  assert.equal(nodeTerminal(tty, { ...utf8, NO_COLOR: "" }).colour, 24);
  assert.equal(nodeTerminal({ write: () => true }, { ...utf8, FORCE_COLOR: "1" }).colour, 4);
  assert.deepEqual(
    [nodeTerminal(tty, { TERM: "dumb" }).isTTY, nodeTerminal(tty, { TERM: "dumb" }).colour],
    [false, 0],
  );
  assert.equal(nodeTerminal(tty, { ...utf8, LC_ALL: "C" }).unicode, false);
  assert.equal(nodeTerminal(tty, { TERM: "linux", LANG: "C.UTF-8" }).unicode, false);
  assert.equal(nodeTerminal({ ...tty, getColorDepth: () => 1 }, utf8).colour, 0);
  assert.equal(nodeTerminal({ write: () => true }, { COLUMNS: "132" }).columns, 132);
});
