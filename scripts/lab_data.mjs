// What lies beside the Lab's page: the subset of Fashion-MNIST, the template of shipped pages and, if it is asked for, all
// of Fashion-MNIST. `writeLabData(folder)` needs the build; the data set is fetched if this machine does not have it.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "./setup.mjs";

const built = (path) => import(join(root, "build", path));

/** Images and labels of a part of Fashion-MNIST, without headers. */
async function part(data, train) {
  const { images, labels } = await data.FashionMNIST({ train, transform: null });
  return { images: images.data, labels: Uint8Array.from(labels.data) };
}

/** The bytes of the subset. Throws if they are not those that the page expects. */
async function subsetBytes(data) {
  const { SUBSET, subsetOf } = await built("apps/lab/src/data/subset.js");
  const bytes = subsetOf(await part(data, true), await part(data, false));
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (hash !== SUBSET.sha256)
    throw new Error(
      `The subset of Fashion-MNIST is another one (${hash}) than apps/lab/src/data/subset.ts says.`,
    );
  return { name: SUBSET.file, bytes: gzipSync(bytes, { level: 9 }) };
}

/** A shipped page with marks where the Lab puts title, record and weights. */
async function pageTemplate() {
  const { pageHtml } = await built("src/ship/page_html.js");
  const { TEMPLATE_MARKS } = await built("apps/lab/src/worker/page_template.js");
  const { default: script } = await built("inlined/node/shipped_page.js");
  return pageHtml({
    shipment: { title: TEMPLATE_MARKS.title, weightsFile: null, weightsBytes: 0, sha256: "" },
    links: { card: null, onnx: null },
    inside: { script, weights: Buffer.from(TEMPLATE_MARKS.weights, "base64") },
  });
}

/** Writes the files into `<folder>/data`. */
export async function writeLabData(folder, { full = false } = {}) {
  const { data } = await built("dist/node/index.js");
  const { PAGE_TEMPLATE } = await built("apps/lab/src/worker/page_template.js");
  const target = join(folder, "data");
  mkdirSync(target, { recursive: true });
  const subset = await subsetBytes(data);
  writeFileSync(join(target, subset.name), subset.bytes);
  writeFileSync(join(target, PAGE_TEMPLATE), await pageTemplate());
  if (!full) return;
  const { FASHION_MNIST_SOURCE } = await built("src/data/mnist_format.js");
  const { encodeIdx } = await built("src/io/idx.js");
  for (const [train, { images, labels }] of [
    [true, FASHION_MNIST_SOURCE.train],
    [false, FASHION_MNIST_SOURCE.test],
  ]) {
    const set = await data.FashionMNIST({ train, transform: null });
    writeFileSync(
      join(target, `${images.name}.gz`),
      gzipSync(encodeIdx({ data: set.images.data, shape: [set.length, 28, 28], dtype: "uint8" })),
    );
    writeFileSync(
      join(target, `${labels.name}.gz`),
      gzipSync(encodeIdx({ data: Uint8Array.from(set.labels.data), shape: [set.length], dtype: "uint8" })),
    );
  }
}
