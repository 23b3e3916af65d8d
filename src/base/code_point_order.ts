/** The order in which Python sorts strings: by code points. JavaScript compares UTF-16 units, which differs beyond U+FFFF. */

/** Negative if `a` comes first, positive if `b` does, 0 if they are the same. */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates, halves of what lies beyond U+FFFF, go behind all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
