import assert from "node:assert/strict";
import { test } from "node:test";
import { paint } from "../../../src/report/terminal/colour.ts";
import { displayWidth, pad, stripAnsi, truncate } from "../../../src/report/terminal/text_width.ts";

test("widths: ASCII, Chinese, Korean, full-width, combining, emoji, nothing", () => {
  const widths: [string, number][] = [
    ["", 0],
    ["ankle boot", 10],
    ["连衣裙", 6],
    ["T恤", 3],
    ["한국", 4],
    ["Ａ，", 4],
    ["e\u0301tude", 5],
    ["👍", 2],
    ["👩‍🔬", 2],
    ["❤️", 2],
    ["⠤━█▏✓…", 6],
    ["a\u200bb", 2],
    ["𠮷", 2],
  ];
  for (const [text, width] of widths) assert.equal(displayWidth(text), width, JSON.stringify(text));
});

test("colour codes have no width and can be taken off", () => {
  for (const depth of [4, 8, 24] as const) {
    const painted = paint("外套", "green", depth);
    assert.notEqual(painted, "外套");
    assert.equal(displayWidth(painted), 4);
    assert.equal(stripAnsi(painted), "外套");
  }
  assert.equal(paint("外套", "green", 0), "外套");
});

test("pad fills columns, not characters", () => {
  assert.equal(pad("T恤", 5), "T恤  ");
  assert.equal(pad("T恤", 5, "right"), "  T恤");
  assert.equal(pad("T恤", 6, "centre"), " T恤  ");
  assert.equal(pad("连衣裙", 4), "连衣裙");
});

test("truncate never exceeds the width and never halves a wide character", () => {
  assert.equal(truncate("连衣裙", 6), "连衣裙");
  assert.equal(truncate("连衣裙", 5), "连衣…");
  assert.equal(truncate("连衣裙", 4), "连…");
  assert.equal(truncate("pullover", 5, false), "pull~");
  assert.equal(truncate("pullover", 0), "");
  for (let width = 1; width < 12; width++) assert.ok(displayWidth(truncate("a连b衣c裙d", width)) <= width);
});
