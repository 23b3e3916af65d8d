/** Checks that run inside of a page, as text. */

/** Elements with text whose colour differs too little from what lies behind it. */
export const wrongContrasts = `(() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const wrong = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
    if (!hasText || element.closest("script, style, noscript, .away") || !element.checkVisibility()) continue;
    const [a, b] = [parse(getComputedStyle(element).color), behind(element)].map(luminance).sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) wrong.push(element.tagName + " " + element.id + " " + ratio.toFixed(2));
  }
  return wrong;
})()`;

/** Controls, images and regions that a screen reader has no name for; labels of languages that are not the page's. */
export const withoutName = `(() => {
  const nameOf = (element) =>
    element.getAttribute("aria-label") ||
    (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim() ||
    [...(element.labels ?? [])].map((label) => label.textContent).join(" ").trim() ||
    (["BUTTON", "A"].includes(element.tagName) ? element.textContent.trim() : "");
  const found = document.querySelectorAll("button, a, input, select, video, img, canvas, section, ol");
  const visible = [...found].filter((element) => element.checkVisibility());
  const nameless = visible.filter((element) => nameOf(element) === "").map((element) => element.outerHTML.slice(0, 80));
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  return [...nameless, ...ids.filter((id, i) => ids.indexOf(id) !== i), ...(document.querySelectorAll("h1").length === 1 ? [] : ["h1"])];
})()`;
