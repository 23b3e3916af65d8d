/** `report.html` on a telephone: nothing lies beyond the edge of the page, or behind a scroll bar. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "../../src/models/index.ts";
import { renderReport } from "../../src/report/html/report_html.ts";
import { layerSummary } from "../../src/train/metrics/layer_summary.ts";
import { sampleReport } from "../report/sample_run.ts";
import { launch, noBrowser } from "./chromium.ts";

test("at 400 pixels and less every column is on the page", { skip: noBrowser }, async () => {
  const names = Array.from({ length: 10 }, (_, i) => ({ en: `class number ${i}`, zh: "连衣裙" }));
  const confusion = names.map((_, i) => names.map((_, j) => (i === j ? 9123 : 10 * i + j)));
  const layers = layerSummary(create("googlenet"), [1, 1, 96, 96]);
  const metrics = {
    epochs: 10,
    trainLoss: 0.5,
    trainAccuracy: 0.8,
    testAccuracy: 0.7,
    examplesPerSecond: 60849,
  };
  const html = renderReport({ ...sampleReport(), metrics, classNames: names, confusion, layers });
  const browser = await launch();
  try {
    for (const width of [320, 400, 640]) {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      await page.setContent(html);
      const beyond = await page.evaluate(() => {
        const { document: doc } = globalThis as unknown as { document: any };
        const parts = [doc.documentElement, ...doc.querySelectorAll(".scroll, pre, dl, table")];
        return parts
          .filter((part) => part.scrollWidth > part.clientWidth + 1)
          .map(
            (part) =>
              `${part.tagName} ${part.getAttribute("aria-label")} ${part.scrollWidth} ${part.clientWidth}`,
          );
      });
      assert.deepEqual(beyond, [], `at ${width}`);
      await page.close();
    }
  } finally {
    await browser.close();
  }
});
