/** What is wrong with texts of a drawing or a figure as a browser shows it. */
import type { Page } from "playwright-core";

/** What was found on a page. */
export interface SvgFaults {
  /** In words: texts that overlap, are cut, lie over images or edges, or are hard to read; boxes that overlap. */
  readonly faults: readonly string[];
  readonly texts: number;
  /** Pixels of the screen for each pixel of the natural size. */
  readonly scale: number;
  /** As `rgb(...)`. */
  readonly background: string;
}

/** Shows an SVG document alone, and looks at it. */
export async function faultsOf(page: Page, svg: string): Promise<SvgFaults> {
  await page.setContent(
    `<!doctype html><body style="margin:0">${svg.replace(/^<\?xml.*?\?>\s*/, "")}</body>`,
  );
  return faultsOn(page);
}

/** Looks at the first SVG that is seen on a page. */
export async function faultsOn(page: Page): Promise<SvgFaults> {
  return (await page.evaluate(FAULTS)) as SvgFaults;
}

/** Runs in the page. */
const FAULTS = `(() => {
  const svg = [...document.querySelectorAll("svg")].find((one) => one.getBoundingClientRect().width > 0);
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  const box = (element) => element.getBoundingClientRect();
  const inside = (inner, outer) =>
    inner.left >= outer.left - 0.5 && inner.right <= outer.right + 0.5 && inner.top >= outer.top - 0.5 && inner.bottom <= outer.bottom + 0.5;
  const meets = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
  const luminance = (colour) => {
    const parts = colour.match(/\\d+(\\.\\d+)?/g).slice(0, 3).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const grounds = [document.body, document.documentElement].map((element) => getComputedStyle(element).backgroundColor);
  const ground = grounds.find((colour) => !/, 0\\)$/.test(colour)) ?? "rgb(255, 255, 255)";
  const faults = [];
  const texts = [...svg.querySelectorAll("text")]
    .filter((element) => element.textContent !== "")
    .map((element) => ({ element, at: box(element), said: element.textContent }));
  const rects = [...svg.querySelectorAll("rect")].map((element) => ({ element, at: box(element) }));
  const images = [...svg.querySelectorAll("image")].map(box);
  const whole = box(svg);
  for (const { at, said } of texts) {
    if (!inside(at, whole)) faults.push("beyond the drawing: " + said);
    if (images.some((image) => meets(at, image))) faults.push("over an image: " + said);
  }
  for (let i = 0; i < texts.length; i++)
    for (let j = i + 1; j < texts.length; j++)
      if (meets(texts[i].at, texts[j].at)) faults.push("texts overlap: " + texts[i].said + " and " + texts[j].said);
  for (let i = 0; i < rects.length; i++)
    for (let j = i + 1; j < rects.length; j++) {
      const [a, b] = [rects[i].at, rects[j].at];
      if (meets(a, b) && !inside(a, b) && !inside(b, a)) faults.push("boxes overlap: " + i + " and " + j);
    }
  for (const { element, at, said } of texts) {
    const [x, y] = [(at.left + at.right) / 2, (at.top + at.bottom) / 2];
    const around = rects.filter(({ at: r }) => x >= r.left && x <= r.right && y >= r.top && y <= r.bottom);
    // The one that was painted last.
    const own = around.at(-1);
    if (own !== undefined && !inside(at, own.at)) faults.push("cut by its box: " + said);
    for (const other of rects)
      if (meets(at, other.at) && !inside(at, other.at)) faults.push("a box's edge goes through: " + said);
    const behind = own === undefined ? ground : getComputedStyle(own.element).fill;
    const ratio = contrast(getComputedStyle(element).fill, behind);
    if (!(ratio >= 4.5)) faults.push("contrast " + ratio.toFixed(2) + ": " + said);
  }
  const page = svg.querySelector(".bg, .cv-page");
  return { faults, texts: texts.length, scale, background: page === null ? ground : getComputedStyle(page).fill };
})()`;
