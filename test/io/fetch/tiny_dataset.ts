/** A data set of a few bytes, and a server of the test's own. */
import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { type DatasetSource, FASHION_MNIST_SOURCE } from "../../../src/data/mnist_format.ts";
import { encodeIdx } from "../../../src/io/idx.ts";

/** A data set of a few bytes, with what its files contain. */
export function tinyDataset(urls: string[] = [], packageName: string | null = null) {
  const contents = new Map<string, Uint8Array>();
  const add = (name: string, shape: number[]) => {
    const length = shape.reduce((product, n) => product * n, 1);
    const data = Uint8Array.from({ length }, (_, i) => (i * 7) % 10);
    const bytes = encodeIdx({ data, shape, dtype: "uint8" });
    contents.set(name, bytes);
    return { name, bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  };
  const source: DatasetSource = {
    ...FASHION_MNIST_SOURCE,
    name: "tiny",
    train: { images: add("train-images", [4, 3, 2]), labels: add("train-labels", [4]) },
    test: { images: add("test-images", [2, 3, 2]), labels: add("test-labels", [2]) },
    folders: ["tiny", "Tiny/raw", "."],
    systemFolders: ["/nowhere/tiny"],
    urls,
    package: packageName,
  };
  return { source, contents };
}

export async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
