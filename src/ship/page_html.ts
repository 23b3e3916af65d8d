/** `index.html` of a shipment. */
import { createHash } from "node:crypto";
import { VERSION } from "../base/version.ts";
import { shortClassName } from "../records/class_names.ts";
import { base64 } from "../report/html/base64.ts";
import { escapeXml as e } from "../report/svg/xml.ts";
import type { PageShipment } from "./page/shipment.ts";
import { type TextName, textIn } from "./page/texts.ts";
import { pageStyle } from "./page_style.ts";

/** What marks a page as one of ours: it may be overwritten by another. */
export const GENERATOR = '<meta name="generator" content="convoyant ship ';

/** Names of the files beside the page. */
export const RUNTIME_FILE = "convoyant.js";

/** What a page is made of. */
export interface PageContent {
  readonly shipment: PageShipment;
  /** Files of the shipment that the page links to, if they lie beside it. */
  readonly links: { readonly card: string | null; readonly onnx: string | null };
  /** The script and the weights, if the page is to have all in itself. */
  readonly inside: { readonly script: string; readonly weights: Uint8Array } | null;
}

const text = (name: TextName, values: Readonly<Record<string, string>> = {}) =>
  `data-text="${name}">${e(textIn("en", name, values))}`;

/** JSON inside of a script element: nothing in it may end the element or begin a comment. */
const jsonForScript = (value: unknown) => JSON.stringify(value).replaceAll("<", "\\u003c");

/** A script inside of a script element: in JavaScript, `</script` and `<!--` stand in texts only. */
const scriptForPage = (script: string) =>
  script.replaceAll(/<(?=\/script|script)/gi, "\\x3c").replaceAll("<!--", "\\x3c!--");

/**
 * The page. Its policy lets it load its own files and nothing of anyone else.
 */
export function pageHtml({ shipment, links, inside }: PageContent): string {
  const script = inside === null ? null : scriptForPage(inside.script);
  const hash =
    script === null ? "'self'" : `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${hash} 'wasm-unsafe-eval' blob:`,
    "worker-src blob:",
    "connect-src 'self'",
    "img-src blob: data:",
    "media-src blob:",
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const file = { file: shipment.weightsFile ?? "" };
  const title = shortClassName([shipment.title], 0);
  const link = (name: TextName, to: string | null) =>
    to === null ? "" : `<a href="${e(to)}" ${text(name)}</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${GENERATOR}${e(VERSION)}">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${e(title)}</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body>
<header>
<nav><button type="button" id="theme" aria-pressed="false" ${text("theme")}</button><button type="button" id="language" lang="zh-Hans" ${text("otherLanguage")}</button></nav>
<h1 id="title">${e(title)}</h1>
<p class="sub" ${text("intro")}</p>
</header>
<main>
<noscript><p>This page needs JavaScript. 本页需要启用 JavaScript。</p></noscript>
<section id="drop" aria-labelledby="drop-text">
<p id="drop-text" ${text("drop")}</p>
<div class="row">
<span><input class="away" type="file" id="file" accept="image/*,.ppm,.pgm,.pbm"><label class="button primary" for="file" ${text("choose")}</label></span>
<button type="button" id="camera-open" aria-expanded="false" aria-controls="camera" ${text("useCamera")}</button>
</div>
</section>
<section id="camera" hidden data-label="cameraImage" aria-label="${e(textIn("en", "cameraImage"))}">
<video id="video" playsinline muted data-label="cameraImage" aria-label="${e(textIn("en", "cameraImage"))}"></video>
<div class="row">
<button type="button" class="primary" id="camera-take" ${text("take")}</button>
<button type="button" id="camera-turn" ${text("turnCamera")}</button>
<button type="button" id="camera-close" ${text("closeCamera")}</button>
</div>
</section>
<p id="status" role="status" aria-live="polite"></p>
<p id="problem" role="alert" hidden></p>
<div id="weights-choice" class="row" hidden><span><input class="away" type="file" id="weights-file" accept=".safetensors"><label class="button" for="weights-file" ${text("chooseWeights", file)}</label></span></div>
<section id="result" aria-labelledby="result-title" hidden>
<h2 id="result-title" ${text("result")}</h2>
<p id="answer"></p>
<div class="images">
<figure><img id="original" alt="" aria-labelledby="original-text"><figcaption id="original-text" ${text("original")}</figcaption></figure>
<figure><canvas id="seen" role="img" aria-labelledby="seen-text"></canvas><figcaption id="seen-text" ${text("seen")}</figcaption></figure>
</div>
<p class="choice"><input type="checkbox" id="heatmap"><label for="heatmap" ${text("heatmap")}</label></p>
<h2 id="bars-title" ${text("probabilities")}</h2>
<ol id="bars" aria-labelledby="bars-title"></ol>
<button type="button" id="more" hidden></button>
<p class="time" id="time"></p>
</section>
</main>
<footer><p><span>Convoyant ${e(VERSION)}</span>${link("about", links.card)}${link("onnxFile", links.onnx)}</p></footer>
<script type="application/json" id="shipment">${jsonForScript(shipment)}</script>
${
  inside === null
    ? `<script src="${RUNTIME_FILE}"></script>`
    : `<script type="text/plain" id="weights">${base64(inside.weights)}</script>\n<script>${script}</script>`
}
</body>
</html>
`;
}
