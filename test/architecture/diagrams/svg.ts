/** Boxes, lines and words as SVG. Its own background: a page may be dark. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const FONT = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";

/** An SVG image; `title` is what a screen reader says. */
export function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="${FONT}" font-size="14">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function rectangle({ x, y, width, height }: Box, fill: string, stroke = "none"): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="5" fill="${fill}" stroke="${stroke}"/>`;
}

/** Words; further attributes as in `font-weight="600"`. */
export function words(x: number, y: number, text: string, more = ""): string {
  return `<text x="${x}" y="${y}" fill="#1f2933"${more === "" ? "" : ` ${more}`}>${escaped(text)}</text>`;
}

/** Words in the middle of a box. */
export function label(box: Box, text: string, more = ""): string {
  return words(
    box.x + box.width / 2,
    box.y + box.height / 2 + 5,
    text,
    `text-anchor="middle" ${more}`.trim(),
  );
}
