/**
 * Luma of a colour: L = 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded, as Pillow's
 * `convert("L")` computes it.
 *
 * Source: ITU-R Recommendation BT.601.
 */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
