/** What features see of training images, for the report page: glyphs, key points, the patches nearest to visual words. */
import { hog, type KeyPoint, type LocalExtractor, type LocalFeatures } from "../../classic/index.ts";
import { assignToCentres } from "../../classic/learners/clusters/nearest_centres.ts";
import { Turns } from "../../classic/learners/turns.ts";
import type { Image } from "../../records/image.ts";
import { section } from "../../report/html/report_sections.ts";
import { resample } from "../../report/image.ts";
import { imageUri } from "../../report/image_uri.ts";
import { photoUri } from "../../report/photo_uri.ts";
import { coordinate as c } from "../../report/svg/xml.ts";
import type { ClassicData } from "./classic_data.ts";
import { featureEntries } from "./classic_features.ts";
import { type VisualWords, type Vocabularies, wordCentres } from "./classic_words.ts";
import { hogGlyphs } from "./hog_glyphs.ts";

/** The training images that are shown: one of each of some classes. */
const MOST_SHOWN = 8;

/** Training images whose patches words are shown by, words, and patches of each. */
const PATCH_IMAGES = 400;
const MOST_WORDS = 24;
const PATCHES = 6;

/** The side of a patch on the page, in pixels. */
const PATCH_SIDE = 32;

/** A section for each kind of features that can be shown; each is HTML, and empty if there is nothing to show. */
export async function featureFigures(
  features: string,
  { train, classes }: ClassicData,
  vocabularies: Vocabularies,
): Promise<string[]> {
  const firsts = classes.map((_, label) => train.labels.indexOf(label)).filter((at) => at >= 0);
  const shown = firsts.slice(0, MOST_SHOWN).map((at) => train.images[at]);
  const side = Math.min(shown[0].width, shown[0].height);
  const sections: string[] = [];
  for (const entry of featureEntries(features)) {
    const { name } = entry;
    if (name === "hog") sections.push(hogSection(shown));
    const extractor = await entry.extractor(side);
    if (!("detectAll" in extractor)) continue;
    // Those of a grid are everywhere.
    if (!("extract" in extractor)) sections.push(await keyPointSection(name, extractor, shown));
    const words = vocabularies.get(name);
    if (words !== undefined) sections.push(await wordSection(name, extractor, train.images, words));
  }
  return sections;
}

const list = (items: readonly string[]) => `<ul class="mistakes">${items.join("\n")}</ul>`;

function hogSection(images: readonly Image[]): string {
  const items = images.map(
    (image) => `<li><img src="${photoUri(image)}" width="112" alt="A training image"> ${glyphs(image)}</li>`,
  );
  const text =
    "<p>Training images and their histograms of oriented gradients: in each cell a line for every direction of edges, as strong as the histogram is high.</p>";
  return section("hog", "What HOG sees", text + list(items));
}

function glyphs(image: Image): string {
  const pixelsPerCell = Math.min(image.width, image.height) <= 32 ? 4 : 8;
  const orientations = 9;
  const values = hog({ pixelsPerCell, cellsPerBlock: 1, orientations }).describe(image);
  const across = Math.floor(image.width / pixelsPerCell);
  return hogGlyphs({ rows: values.length / orientations, columns: orientations, data: values }, across);
}

async function keyPointSection(
  name: string,
  extractor: LocalExtractor,
  images: readonly Image[],
): Promise<string> {
  const found = await extractor.detectAll(images);
  const items = images.map((image, i) => `<li>${keyPointDrawing(image, found[i].keypoints)}</li>`);
  const text =
    "<p>Training images with their key points: a circle as large as the blur at which the point was found, twice, and a line in its direction.</p>";
  return section(`${name}-points`, `Key points of ${name.toUpperCase()}`, text + list(items));
}

/** The image with a circle for each key point. */
function keyPointDrawing(image: Image, keypoints: readonly KeyPoint[]): string {
  const { width, height } = image;
  const line = Math.max(width, height) / 112;
  const points = keypoints.map(({ x, y, scale, angle }) => {
    const [u, v, radius] = [x + 0.5, y + 0.5, 2 * scale];
    const turn = (angle * Math.PI) / 180;
    const [toX, toY] = [u + radius * Math.cos(turn), v + radius * Math.sin(turn)];
    return `<circle cx="${c(u)}" cy="${c(v)}" r="${c(radius)}"/><path d="M${c(u)} ${c(v)}L${c(toX)} ${c(toY)}"/>`;
  });
  const count = keypoints.length === 1 ? "1 key point" : `${keypoints.length} key points`;
  return (
    `<svg viewBox="0 0 ${width} ${height}" width="100%" role="img" aria-label="A training image with ${count}">` +
    `<image href="${photoUri(image)}" width="${width}" height="${height}" style="image-rendering:pixelated"/>` +
    `<g fill="none" stroke="#00d26a" stroke-width="${c(line)}">${points.join("")}</g></svg>` +
    `<div class="true">${count}</div>`
  );
}

/** A patch of an image, and how far its descriptor is from its word. */
interface Patch {
  readonly image: number;
  readonly point: KeyPoint;
  readonly distance: number;
}

async function wordSection(
  name: string,
  extractor: LocalExtractor,
  images: readonly Image[],
  words: VisualWords,
): Promise<string> {
  const some = images.slice(0, PATCH_IMAGES);
  const found = await extractor.detectAll(some);
  const nearest = await nearestPatches(found, words);
  const used = nearest.flatMap((patches, word) => (patches.length > 0 ? [{ patches, word }] : []));
  const items = used.slice(0, MOST_WORDS).map(({ patches, word }) => {
    const strip = besideEachOther(patches.map((patch) => patchOf(some[patch.image], patch.point)));
    const alt = `The patches nearest to word ${word}`;
    return `<li><img src="${imageUri(strip)}" width="${strip.width}" height="${strip.height}" alt="${alt}"><div class="true">word ${word}</div></li>`;
  });
  const text = `<p>Visual words of ${name}: for ${items.length} of ${nearest.length} the patches of training images whose descriptors are nearest to it.</p>`;
  return section(`${name}-words`, `Visual words of ${name}`, text + list(items));
}

/** For each word the descriptors that are nearest to it, the nearest first, each of another image. */
async function nearestPatches(found: readonly LocalFeatures[], words: VisualWords): Promise<Patch[][]> {
  const centres = wordCentres(words);
  const patches: Patch[][] = Array.from({ length: centres.rows }, () => []);
  const turns = new Turns("report");
  for (const [image, { keypoints, descriptors }] of found.entries()) {
    const { labels, distances } = await assignToCentres(descriptors, centres, turns);
    const best = new Map<number, Patch>();
    for (const [i, point] of keypoints.entries()) {
      const known = best.get(labels[i]);
      if (known === undefined || distances[i] < known.distance)
        best.set(labels[i], { image, point, distance: distances[i] });
    }
    for (const [word, patch] of best) patches[word].push(patch);
  }
  return patches.map((all) => all.sort((a, b) => a.distance - b.distance).slice(0, PATCHES));
}

/** The part of an image that a descriptor of SIFT is made of; what lies beyond the image's edge is grey. */
function patchOf({ width, height, channels, data }: Image, { x, y, scale }: KeyPoint): Image {
  const side = Math.max(8, Math.round(12 * scale));
  const [left, top] = [Math.round(x - side / 2), Math.round(y - side / 2)];
  const shown = channels === 1 ? 1 : 3;
  const pixels = new Uint8Array(side * side * shown).fill(128);
  for (let v = 0; v < side; v++)
    for (let u = 0; u < side; u++) {
      const [px, py] = [left + u, top + v];
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      for (let k = 0; k < shown; k++)
        pixels[(v * side + u) * shown + k] = data[(py * width + px) * channels + k];
    }
  return resample({ width: side, height: side, channels: shown, data: pixels }, PATCH_SIDE, PATCH_SIDE);
}

/** Patches in rows of three. */
function besideEachOther(patches: readonly Image[]): Image {
  const { channels } = patches[0];
  const across = Math.min(3, patches.length);
  const down = Math.ceil(patches.length / across);
  const [width, height] = [across * (PATCH_SIDE + 1) - 1, down * (PATCH_SIDE + 1) - 1];
  const data = new Uint8Array(width * height * channels).fill(128);
  for (const [i, patch] of patches.entries()) {
    const left = (i % across) * (PATCH_SIDE + 1);
    const top = Math.floor(i / across) * (PATCH_SIDE + 1);
    for (let row = 0; row < PATCH_SIDE; row++) {
      const from = row * PATCH_SIDE * channels;
      const line = patch.data.subarray(from, from + PATCH_SIDE * channels);
      data.set(line, ((top + row) * width + left) * channels);
    }
  }
  return { width, height, channels, data };
}
