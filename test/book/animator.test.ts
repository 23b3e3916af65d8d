import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { book } from "../../src/index.ts";

function sample(terminal: book.AnimatorOptions["terminal"] = null): book.Animator {
  const animator = new book.Animator({
    xlabel: "epoch",
    xlim: [0, 2],
    legend: ["train loss", "train acc", "test acc"],
    terminal,
  });
  animator.add(0.5, [1.5, 0.4, null]);
  animator.add(1, [1, 0.6, null]);
  animator.add(1, [null, null, 0.55]);
  return animator;
}

test("points go to their curves, null leaves one out", () => {
  const { curves } = sample();
  assert.deepEqual(
    curves.map((curve) => curve.points.length),
    [2, 2, 1],
  );
  assert.deepEqual(curves[2].points, [{ x: 1, y: 0.55 }]);
  assert.deepEqual(
    curves.map((curve) => curve.dash),
    ["solid", "dashed", "dashdot"],
  );
});

test("a single curve takes plain numbers", () => {
  const animator = book.Animator({ terminal: null });
  animator.add(1, 2);
  animator.add([2], [3]);
  assert.deepEqual(animator.curves[0].points, [
    { x: 1, y: 2 },
    { x: 2, y: 3 },
  ]);
  assert.throws(() => animator.add([1, 2], [3]), /as many places as values, got 2 and 1/);
});

test("a notebook gets a chart and text", () => {
  const show = (sample() as unknown as Record<symbol, () => book.MediaBundle>)[Symbol.for("Jupyter.display")];
  const bundle = show.call(sample());
  assert.deepEqual(Object.keys(bundle), ["image/svg+xml", "text/plain"]);
  assert.match(bundle["image/svg+xml"], /<svg .*train loss/s);
  assert.match(bundle["text/plain"], /train acc/);
});

test("save writes the SVG", async () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-animator-"));
  try {
    const animator = sample();
    await animator.save(join(folder, "curves.svg"));
    assert.equal(readFileSync(join(folder, "curves.svg"), "utf8"), animator.toSvg());
    assert.match(animator.toSvg(), /^<\?xml/);
    await assert.rejects(animator.save(join(folder, "missing", "curves.svg")), { name: "FileError" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a terminal is redrawn, a pipe stays silent", () => {
  let written = "";
  const terminal = {
    columns: 80,
    rows: 30,
    colour: 0,
    unicode: true,
    write: (text: string) => void (written += text),
  } as const;
  sample({ ...terminal, isTTY: true }).stop();
  assert.match(written, /test acc/);
  written = "";
  sample({ ...terminal, isTTY: false }).stop();
  assert.equal(written, "");
});
