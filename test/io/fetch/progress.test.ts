import assert from "node:assert/strict";
import { test } from "node:test";
import { transferProgress } from "../../../src/io/fetch/progress.ts";
import { progressOnTerminal } from "../../../src/models/pretrained/terminal_progress.ts";

test("the progress of a transfer: bytes, all bytes, and how long the rest will take", (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const said: string[] = [];
  // 20 MB were there already: they say nothing about the pace.
  const tell = transferProgress("net.pth", 20e6, 100e6, (text) => said.push(text));
  tell(20.5e6);
  t.mock.timers.tick(100);
  tell(21e6);
  t.mock.timers.tick(1900);
  tell(30e6);
  t.mock.timers.tick(998_000);
  tell(40e6);
  assert.deepEqual(said, [
    "net.pth: 20.5 MB of 100.0 MB",
    "net.pth: 30.0 MB of 100.0 MB, 14 s left",
    "net.pth: 40.0 MB of 100.0 MB, 50 min left",
  ]);
  const unknown: string[] = [];
  transferProgress("net.pth", 0, Number.NaN, (text) => unknown.push(text))(5e6);
  assert.deepEqual(unknown, ["net.pth: 5.0 MB"]);
});

test("a terminal has one line, which goes when it is done; anything else has none", () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const shown = progressOnTerminal({}, { isTTY: true, write });
  shown.progress("10 MB");
  shown.progress("9 MB");
  shown.end();
  assert.deepEqual(written, ["\r10 MB\x1b[K", "\r9 MB\x1b[K", "\r\x1b[K"]);
  written.length = 0;
  for (const [settings, isTTY] of [
    [{}, false],
    [{ progress: false }, true],
  ] as const) {
    const none = progressOnTerminal(settings, { isTTY, write });
    none.progress("10 MB");
    none.end();
  }
  const said: string[] = [];
  progressOnTerminal({ progress: (text) => said.push(text) }, { isTTY: true, write }).progress("10 MB");
  progressOnTerminal({}, { isTTY: true, write }).end();
  assert.deepEqual([written, said], [[], ["10 MB"]]);
});
