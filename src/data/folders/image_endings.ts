/** Endings of names that say "image": torchvision's, and what else is decoded or refused with advice. */
const ENDINGS = new Set(
  "jpg jpeg jpe jfif png ppm pgm pbm pnm bmp gif webp tif tiff heic heif avif jxl jp2 j2k".split(" "),
);

/** Whether a file is taken for an image by its name; what it is, its first bytes say. */
export function hasImageEnding(name: string): boolean {
  const dot = name.lastIndexOf(".");
  return dot >= 0 && ENDINGS.has(name.slice(dot + 1).toLowerCase());
}
