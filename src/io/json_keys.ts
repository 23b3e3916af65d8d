/**
 * The first key that an object inside a valid JSON text holds twice, or undefined.
 *
 * JSON.parse keeps the last of two equal keys without a word; in a file header that is how two readers come
 * to see two different files. The text must have been accepted by JSON.parse.
 */
export function findDuplicateKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let i = 0;
  while (i < json.length) {
    const character = json[i];
    if (character === "{") open.push(new Set());
    else if (character === "[") open.push(undefined);
    else if (character === "}" || character === "]") open.pop();
    if (character !== '"') {
      i++;
      continue;
    }
    const end = endOfString(json, i);
    const keys = open[open.length - 1];
    if (keys !== undefined && isKey(json, end)) {
      const key = JSON.parse(json.slice(i, end)) as string;
      if (keys.has(key)) return key;
      keys.add(key);
    }
    i = end;
  }
  return undefined;
}

/** The index behind the closing quote of the string that starts at `start`. */
function endOfString(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i + 1;
}

/** In an object only a key is followed by a colon. */
function isKey(json: string, end: number): boolean {
  let i = end;
  while (json[i] === " " || json[i] === "\n" || json[i] === "\r" || json[i] === "\t") i++;
  return json[i] === ":";
}
