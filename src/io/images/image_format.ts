/** Which format an image has, by its first bytes: endings of names are not looked at. */

/** Formats that are decoded. */
export type ImageFormat = "JPEG" | "PNG" | "WebP" | "GIF" | "BMP" | "PNM";

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean => {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
};

const FORMATS: readonly (readonly [format: ImageFormat, is: (bytes: Uint8Array) => boolean])[] = [
  ["JPEG", (bytes) => startsWith(bytes, "\xff\xd8")],
  ["PNG", (bytes) => startsWith(bytes, "\x89PNG")],
  ["WebP", (bytes) => startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8)],
  ["GIF", (bytes) => startsWith(bytes, "GIF8")],
  ["BMP", (bytes) => startsWith(bytes, "BM")],
  ["PNM", (bytes) => bytes[0] === 0x50 && bytes[1] >= 0x31 && bytes[1] <= 0x36],
];

/** The format of an image, or undefined if it is none that is decoded. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  return FORMATS.find(([, is]) => is(bytes))?.[0];
}

const isoBrand = (bytes: Uint8Array, ...brands: string[]): boolean =>
  startsWith(bytes, "ftyp", 4) && brands.some((brand) => startsWith(bytes, brand, 8));

const CONVERT = "convert it to JPEG or PNG";

/** Formats that are recognised and not decoded, and what to do. */
const REFUSED: readonly (readonly [is: (bytes: Uint8Array) => boolean, message: string])[] = [
  [
    (bytes) => isoBrand(bytes, "avif", "avis"),
    `is an AVIF image, which is not decoded; ${CONVERT} (\`avifdec in.avif out.png\`, or sharp)`,
  ],
  [
    (bytes) => isoBrand(bytes, "heic", "heix", "heif", "hevc", "hevx", "heim", "heis", "mif1", "msf1"),
    "is a HEIC image, which is not decoded (its patents are licensed); " +
      `${CONVERT} (\`heif-convert in.heic out.jpg\`, on a Mac the Preview application), ` +
      'or let the phone save JPEG (iPhone: Settings > Camera > Formats > "Most Compatible")',
  ],
  [
    (bytes) => startsWith(bytes, "II*\0") || startsWith(bytes, "MM\0*") || startsWith(bytes, "II+\0"),
    `is a TIFF image, which is not decoded; ${CONVERT} (\`magick in.tif out.png\`)`,
  ],
  [
    (bytes) => startsWith(bytes, "\xff\x0a") || startsWith(bytes, "JXL ", 4),
    `is a JPEG XL image, which is not decoded; ${CONVERT} (\`djxl in.jxl out.png\`)`,
  ],
  [
    (bytes) => startsWith(bytes, "jP  ", 4) || startsWith(bytes, "\xff\x4f\xff\x51"),
    `is a JPEG 2000 image, which is not decoded; ${CONVERT} (\`magick in.jp2 out.png\`)`,
  ],
  [
    (bytes) => startsWith(bytes, "\0\0\x01\0"),
    `is an icon (ICO), which is not decoded; ${CONVERT} (\`magick in.ico out.png\`)`,
  ],
  [(bytes) => startsWith(bytes, "P7\n"), `is a PAM image, which is not decoded; ${CONVERT}`],
  [
    (bytes) => startsWith(bytes, "<svg") || startsWith(bytes, "<?xml"),
    "is SVG or XML, not pixels; draw it into a PNG (`rsvg-convert in.svg -o out.png`)",
  ],
  [
    (bytes) => startsWith(bytes, "%PDF"),
    "is a PDF, not an image; draw its page into a PNG (`pdftoppm -png`)",
  ],
];

/** What is wrong with bytes of no format that is decoded, and what to do. */
export function refusal(bytes: Uint8Array): string {
  if (bytes.length === 0) return "is empty, not an image; save it again";
  const message = REFUSED.find(([is]) => is(bytes))?.[1];
  return (
    message ?? `is not an image of a known format (JPEG, PNG, WebP, GIF, BMP, PPM, PGM, PBM); ${CONVERT}`
  );
}
