/** What stands in a drawing: its texts, and its elements by name. Throws for what is not well-formed. */

export interface ParsedDrawing {
  readonly title: string;
  readonly description: string;
  /** Of every `<text>`, in order. */
  readonly texts: readonly string[];
  /** Attributes of every `<rect>`, in order. */
  readonly rects: readonly Readonly<Record<string, string>>[];
  /** How often each element occurs. */
  readonly elements: ReadonlyMap<string, number>;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

export function parsedDrawing(svg: string): ParsedDrawing {
  const elements = new Map<string, number>();
  const texts: string[] = [];
  const rects: Record<string, string>[] = [];
  const open: { name: string; text: string }[] = [];
  const said: Record<string, string> = {};
  let at = 0;
  for (const match of svg.matchAll(/<(\/?)([A-Za-z][\w-]*)((?:\s+[\w:-]+="[^"<>]*")*)\s*(\/?)>/g)) {
    addText(svg.slice(at, match.index), open);
    at = match.index + match[0].length;
    const [, isEnd, name, attributes, isEmpty] = match;
    if (isEnd !== "") {
      const last = open.pop();
      if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name}>`);
      if (name === "text") texts.push(last.text);
      if ((name === "title" || name === "desc") && open.length === 1) said[name] = last.text;
      continue;
    }
    elements.set(name, (elements.get(name) ?? 0) + 1);
    if (name === "rect") rects.push(attributesOf(attributes));
    if (isEmpty === "") open.push({ name, text: "" });
  }
  addText(svg.slice(at), open);
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  return { title: said.title ?? "", description: said.desc ?? "", texts, rects, elements };
}

function addText(raw: string, open: { name: string; text: string }[]): void {
  if (/[<>]/.test(raw)) throw new Error(`markup that is none: ${raw.slice(0, 100)}`);
  const text = raw.replace(/&([^;]{0,8});?/g, (whole, name: string) => {
    if (ENTITIES[name] === undefined) throw new Error(`an & that is not written as one: ${whole}`);
    return ENTITIES[name];
  });
  const last = open.at(-1);
  if (last !== undefined) last.text += text;
  else if (text.trim() !== "") throw new Error(`text outside of the drawing: ${text}`);
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(text.matchAll(/([\w:-]+)="([^"]*)"/g), ([, name, value]) => [name, value]),
  );
}
