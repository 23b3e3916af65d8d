/**
 * The small part of Fashion-MNIST that comes with the Lab: the first images of each class, in the order of the data set.
 * One file: training images, training labels, test images, test labels, each as bytes without a header.
 */

export const SUBSET = {
  file: "fashion-mnist-subset.bin.gz",
  trainCount: 6000,
  testCount: 1000,
  side: 28,
  /** Of the unpacked bytes. */
  sha256: "8eaf6bb9e82961e7d73312d5259adebcdcb8829b4ea3955abd11eba9b97b7b57",
} as const;

export const SUBSET_BYTES = (SUBSET.trainCount + SUBSET.testCount) * (SUBSET.side ** 2 + 1);

const CLASSES = 10;

/**
 * The bytes of the subset.
 *
 * @param images - of both parts, without the headers of the files.
 */
export function subsetOf(
  train: { readonly images: Uint8Array; readonly labels: Uint8Array },
  test: { readonly images: Uint8Array; readonly labels: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const pieces = [chosen(train, SUBSET.trainCount), chosen(test, SUBSET.testCount)].flat();
  const bytes = new Uint8Array(SUBSET_BYTES);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function chosen(
  { images, labels }: { readonly images: Uint8Array; readonly labels: Uint8Array },
  count: number,
): [Uint8Array, Uint8Array] {
  const size = SUBSET.side ** 2;
  const pixels = new Uint8Array(count * size);
  const classes = new Uint8Array(count);
  const taken = new Array<number>(CLASSES).fill(0);
  for (let from = 0, to = 0; to < count; from++) {
    const label = labels[from];
    if (taken[label] === count / CLASSES) continue;
    taken[label]++;
    pixels.set(images.subarray(from * size, (from + 1) * size), to * size);
    classes[to++] = label;
  }
  return [pixels, classes];
}

/** The parts of the subset's bytes. */
export function partsOfSubset(bytes: Uint8Array) {
  const { trainCount, testCount, side } = SUBSET;
  const lengths = [trainCount * side * side, trainCount, testCount * side * side, testCount];
  let at = 0;
  const [trainPixels, trainLabels, testPixels, testLabels] = lengths.map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
  return {
    train: { pixels: trainPixels, labels: trainLabels, count: trainCount },
    test: { pixels: testPixels, labels: testLabels, count: testCount },
  };
}
