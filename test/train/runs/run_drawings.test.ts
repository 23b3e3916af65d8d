import assert from "node:assert/strict";
import { test } from "node:test";
import { models, nn, type Tensor } from "../../../src/index.ts";
import { renderReport } from "../../../src/report/html/report_html.ts";
import { runDrawings } from "../../../src/train/runs/run_drawings.ts";
import { parsedDrawing } from "../../draw/parsed_drawing.ts";
import { sampleReport } from "../../report/sample_run.ts";

test("a report draws its network, with blocks closed for narrow screens", async () => {
  const drawings = await runDrawings(models.googlenet(), [128, 1, 96, 96], "googlenet");
  assert.ok(drawings);
  const [wide, narrow] = [parsedDrawing(drawings.wide), parsedDrawing(drawings.narrow)];
  assert.ok(wide.texts.includes("Concatenation") && wide.texts.includes("1×96×96"));
  assert.ok(narrow.texts.includes("Inception") && !narrow.texts.includes("Concatenation"));
  const page = renderReport({ ...sampleReport(), drawings });
  assert.ok(page.includes('<h2 id="network">Network</h2>'));
  assert.ok(page.includes(drawings.wide) && page.includes(drawings.narrow));
});

test("the drawing of a large network stays small, and a small one stands once in the page", async () => {
  const large = await runDrawings(models.create("resnet50"), [8, 3, 224, 224], "resnet50");
  assert.ok(large && large.wide.length + large.narrow.length < 60_000);
  const small = await runDrawings(models.lenet(), [8, 1, 28, 28], "lenet");
  assert.equal(small?.wide, small?.narrow);
  const page = renderReport({ ...sampleReport(), drawings: small });
  assert.equal(page.split('class="cv-draw').length, 2);
});

test("a network that cannot be drawn has a report without", async () => {
  class Strange extends nn.Module {
    override forward(_x: Tensor): Tensor {
      throw new RangeError("only by night");
    }
  }
  assert.equal(await runDrawings(new Strange(), [8, 1, 28, 28], "strange"), undefined);
  assert.equal(await runDrawings(models.lenet(), null, "lenet"), undefined);
});
