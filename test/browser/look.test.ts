/** What a network has learned, in a page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as convoyant from "../../src/browser.ts";
import { gradCam } from "../../src/look/index.ts";
import { difference } from "../look/patterned_network.ts";
import { launch, noBrowser, serve } from "./chromium.ts";

test("Grad-CAM in a page is that of Node.js", { skip: noBrowser }, async () => {
  convoyant.manualSeed(3);
  const net = convoyant.models.initXavier(convoyant.models.lenet());
  const input = convoyant.rand(1, 1, 28, 28);
  await convoyant.useEngine("wasm", { threads: 1 });
  let here = await gradCam(net, input);
  // Of some classes nothing in the image speaks for them.
  for (let classIndex = 0; here.values.every((value) => value === 0); classIndex++)
    here = await gradCam(net, input, { classIndex });
  const { server, origin } = await serve({
    answers: {
      "lenet.safetensors": await convoyant.toBytes(net.stateDict()),
      "input.safetensors": await convoyant.toBytes({ input }),
    },
  });
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`${origin}/plain/page.html`);
    const found: any = await page.evaluate(`(async () => {
      const { load, models, useEngine } = await import("convoyant");
      const { gradCam, overlay, shownInput } = await import("/plain/dist/page/look.js");
      await useEngine("wasm");
      const net = models.lenet();
      net.loadStateDict(await load("lenet.safetensors"));
      const { input } = await load("input.safetensors");
      const { layer, classIndex, values } = await gradCam(net, input, { classIndex: ${here.classIndex} });
      const image = overlay(await shownInput(input), { width: 28, height: 28, values });
      return { layer, classIndex, values: [...values], pixels: [...image.data] };
    })()`);
    assert.deepEqual([found.layer, found.classIndex], [here.layer, here.classIndex]);
    // Chromium and this Node.js need not round alike: one of them may have relaxed SIMD.
    assert.ok(difference(found.values, [...here.values]) < 1e-4);
    assert.equal(found.pixels.length, 28 * 28 * 3);
  } finally {
    await browser.close();
    server.close();
    await convoyant.stopEngine();
  }
});
