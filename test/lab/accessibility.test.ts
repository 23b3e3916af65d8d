/** The Lab for everyone: axe-core finds nothing, nothing is wider than the window, and the keyboard alone is enough. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { type Lab, LabBrowser, noLab } from "./lab_page.ts";

const axe = fileURLToPath(new URL("../../../apps/lab/node_modules/axe-core/axe.min.js", import.meta.url));
const skip = noLab || (existsSync(axe) ? false : "axe-core is not installed in apps/lab: npm run lab:build");

let browser: LabBrowser;
/** One page, which is loaded again for each test. */
let lab: Lab;

before(async () => {
  if (skip) return;
  browser = await LabBrowser.start();
  lab = await browser.blank();
});
after(() => browser?.close());

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core finds, in words. */
async function violations(page: Page): Promise<string[]> {
  // As a script of the browser's tools: the page's content security policy allows none but its own.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(readFileSync(axe, "utf8"));
  const run = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)";
  const found = (await page.evaluate(run)) as Violation[];
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

/** Presses Tab until what is wanted has the focus. */
async function tabTo({ page }: Lab, selector: string): Promise<void> {
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
  }
  assert.fail(`Tab does not reach ${selector}`);
}

/** Opens a view from its number above; its heading has the focus then. */
async function goByKeys(lab: Lab, number: number): Promise<void> {
  await lab.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await tabTo(lab, `.steps li:nth-child(${number}) button`);
  await lab.page.keyboard.press("Enter");
  await lab.page.waitForFunction(() => document.activeElement?.matches("h1"));
}

test("the keyboard alone goes the whole way: data, network, training, a drawing, taking home", {
  skip,
}, async () => {
  const { page } = lab;
  const keys = page.keyboard;
  await page.setViewportSize({ width: 1280, height: 800 });
  await browser.load(lab, "isolated");
  await lab.ready();
  // What stands before the views is passed over.
  await keys.press("Tab");
  await keys.press("Enter");
  await page.waitForFunction(() => document.activeElement?.matches("#main"));
  await tabTo(lab, "input[name=source]");
  await keys.press("ArrowDown");
  await keys.press("ArrowDown");
  await tabTo(lab, ".new-class input");
  await keys.type("cats");
  await keys.press("Enter");
  await page.locator(".class-card").waitFor();
  await tabTo(lab, ".class-card button[aria-label='Draw for cats']");
  await keys.press("Enter");
  await drawByKeys(lab);
  await tabTo(lab, "dialog .primary");
  await keys.press("Enter");
  await page.locator("dialog").getByText("1 image", { exact: true }).waitFor();
  await keys.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  // The focus is back where the dialog was opened.
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute("aria-label")),
    "Draw for cats",
  );
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await tabTo(lab, "input[name=source]");
  await keys.press("ArrowUp");
  await keys.press("ArrowUp");
  await lab.ready();
  await goByKeys(lab, 2);
  await tabTo(lab, ".known input");
  await keys.press("ArrowDown");
  await page.getByText("44,878 parameters").waitFor();
  await tabTo(lab, ".play");
  await keys.press("Enter");
  await lab.reaches(3);
  await keys.press("Enter");
  await lab.button("Start").waitFor();
  await goByKeys(lab, 3);
  await page.locator(".map").first().waitFor();
  await tabTo(lab, "[role=tab]");
  await keys.press("ArrowRight");
  await page.locator(".kernel").first().waitFor();
  await keys.press("ArrowLeft");
  await page.locator(".map").first().waitFor();
  await tabTo(lab, ".map");
  await keys.press("Enter");
  await page.locator(".number-grid").first().waitFor();
  await goByKeys(lab, 4);
  await drawByKeys(lab);
  await page.locator(".verdict").waitFor();
  await goByKeys(lab, 5);
  await tabTo(lab, ".files button");
  const [download] = await Promise.all([page.waitForEvent("download"), keys.press("Enter")]);
  assert.match(download.suggestedFilename(), /\.safetensors$/);
  assert.deepEqual(lab.faults.splice(0), []);
});

async function drawByKeys(lab: Lab): Promise<void> {
  await tabTo(lab, ".sketch-paper");
  await lab.page.keyboard.press("Space");
  for (let i = 0; i < 4; i++) await lab.page.keyboard.press("ArrowRight");
  await lab.page.keyboard.press("Space");
}

/** The last in Chinese: the page keeps that. */
const WINDOWS = [
  { lang: "en", theme: "light", width: 360 },
  { lang: "zh", theme: "dark", width: 1280 },
] as const;

for (const { lang, theme, width } of WINDOWS)
  test(`axe-core finds nothing in any view (${lang}, ${theme}, ${width} pixels)`, { skip }, async () => {
    await lab.page.setViewportSize({ width, height: 800 });
    await lab.page.emulateMedia({ colorScheme: theme });
    await browser.load(lab, "isolated");
    if (lang === "zh") await lab.page.locator(".tools [lang=zh-CN]").click();
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
    await page.locator(".block").nth(6).focus();
    await page.keyboard.press("Delete");
    await page.locator(".transport .play").click();
    await page.locator(".problem").waitFor();
    faults.push(...(await faultsOf(lab, "blocks with a mistake")));
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
    await page.locator(".experiment").nth(1).click();
    await page.locator(".facts .swatch.second").first().waitFor();
    faults.push(...(await faultsOf(lab, "two networks in training")));
    await page.locator(".tools button").first().click();
    await page.locator(".experiment").last().click();
    await page.locator(".problem").waitFor();
    faults.push(...(await faultsOf(lab, "a loss of NaN")));
    assert.deepEqual([...faults, ...lab.faults.splice(0)], []);
  });
