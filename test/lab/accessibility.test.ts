/** The Lab for everyone: axe-core finds nothing, nothing is wider than the window, and the keyboard alone is enough. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { type Lab, LabBrowser, noLab, type OpenOptions } from "./lab_page.ts";

const axe = fileURLToPath(new URL("../../../apps/lab/node_modules/axe-core/axe.min.js", import.meta.url));
const skip = noLab || (existsSync(axe) ? false : "axe-core is not installed in apps/lab: npm run lab:build");

let browser: LabBrowser;

before(async () => {
  if (!skip) browser = await LabBrowser.start();
});
after(() => browser?.close());

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core finds, in words. */
async function violations(page: Page): Promise<string[]> {
  // As a script of the browser's tools: the page's content security policy allows none but its own.
  await page.evaluate(readFileSync(axe, "utf8"));
  const found = (await page.evaluate("axe.run().then(({ violations }) => violations)")) as Violation[];
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
  );
}

/** What is wrong with the page as it is now. */
async function faultsOf({ page }: Lab, where: string): Promise<string[]> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  const wide = over > 0 ? [`${over} pixels wider than the window`] : [];
  return [...(await violations(page)), ...wide].map((fault) => `${where}: ${fault}`);
}

const WINDOWS: readonly OpenOptions[] = [
  { lang: "en", theme: "light", width: 360 },
  { lang: "zh", theme: "dark", width: 1280 },
];

for (const options of WINDOWS)
  test(`axe-core finds nothing in any view (${options.lang}, ${options.theme}, ${options.width} pixels)`, {
    skip,
  }, async () => {
    const lab = await browser.open("isolated", options);
    const { page } = lab;
    const faults: string[] = [];
    await page.locator(".gallery canvas").first().waitFor();
    faults.push(...(await faultsOf(lab, "data")));
    await page.locator(".hint").first().click();
    await page.locator(".note h3").waitFor();
    faults.push(...(await faultsOf(lab, "an explanation")));
    await page.keyboard.press("Escape");
    await page.locator("input[value=images]").check();
    await page.locator(".new-class").waitFor();
    faults.push(...(await faultsOf(lab, "own images")));
    await page.locator("input[value=subset]").check();
    await page.locator(".gallery canvas").first().waitFor();
    await lab.go("Network");
    await page.locator(".drawing svg").waitFor();
    faults.push(...(await faultsOf(lab, "network")));
    await page.locator("input[value=blocks]").check();
    await page.locator(".block").first().waitFor();
    faults.push(...(await faultsOf(lab, "blocks")));
    await page.locator("input[value=code]").check();
    await page.locator(".cm-content").waitFor();
    faults.push(...(await faultsOf(lab, "code")));
    await page.locator("input[value=known]").check();
    await lab.go("Train");
    await page.locator(".transport button").nth(1).click();
    await page.locator(".transport dl").waitFor();
    await page.locator(".map").first().click();
    await page.locator(".number-grid").first().waitFor();
    faults.push(...(await faultsOf(lab, "feature maps")));
    for (const [tab, shown] of [
      ["filters", ".kernel"],
      ["gradients", ".gradients"],
    ]) {
      await page.locator(`[data-tab=${tab}]`).click();
      await page.locator(shown).first().waitFor();
      faults.push(...(await faultsOf(lab, tab)));
    }
    await lab.go("Try it");
    await page.locator("input[value=test]").check();
    await page.locator(".test-images input").first().check({ force: true });
    await page.locator(".verdict").waitFor();
    faults.push(...(await faultsOf(lab, "answer")));
    await lab.go("Take home");
    await page.locator("pre").waitFor();
    faults.push(...(await faultsOf(lab, "take home")));
    await page.locator(".tools button").first().click();
    await page.locator(".experiment").first().waitFor();
    faults.push(...(await faultsOf(lab, "experiments")));
    assert.deepEqual(faults, []);
    await lab.close();
  });

test("the keyboard alone chooses a network, trains it and looks inside", { skip }, async () => {
  const lab = await browser.open("isolated");
  const { page } = lab;
  await lab.ready();
  const tabTo = async (selector: string) => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    }
    assert.fail(`Tab does not reach ${selector}`);
  };
  await tabTo(".steps li:nth-child(2) button");
  await page.keyboard.press("Enter");
  await tabTo(".known input");
  await page.keyboard.press("ArrowDown");
  await page.getByText("44,878 parameters").waitFor();
  await tabTo(".play");
  await page.keyboard.press("Enter");
  await lab.reaches(3);
  await page.keyboard.press("Enter");
  await lab.button("Start").waitFor();
  await page.locator("body").press("Control+Home");
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await tabTo(".steps li:nth-child(3) button");
  await page.keyboard.press("Enter");
  await page.locator(".map").first().waitFor();
  await tabTo(".map");
  await page.keyboard.press("Enter");
  await page.locator(".number-grid").first().waitFor();
  await lab.close();
});
