import assert from "node:assert/strict";

/** What a page or a chart holds, as far as the tests look. */
export interface Markup {
  /** Opening tags in order, with their attributes, entities decoded. */
  elements: { name: string; attributes: Record<string, string> }[];
  /** All text between tags, entities decoded. */
  text: string;
}

const voidTags = new Set(["meta", "img", "br", "link", "hr", "input"]);
const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0" };

/**
 * Reads markup strictly: every tag closed in order, every attribute quoted and unique, no bare "&" or "<".
 * `html` allows void elements; without it the text must be well-formed XML.
 */
export function readMarkup(source: string, html = false): Markup {
  const markup: Markup = { elements: [], text: "" };
  const open: string[] = [];
  const body = source.replace(/^<\?xml [^>]*\?>\n/, "").replace(/^<!doctype html>\n/, "");
  const token = /<(\/?)([A-Za-z][A-Za-z0-9:-]*)((?:\s+[A-Za-z:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
  for (let at = 0; at < body.length; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(body);
    assert.ok(match, `not well-formed at: ${body.slice(at, at + 120)}`);
    const [, close, name, attributes, empty, text] = match;
    if (text !== undefined) {
      if (open.length === 0) assert.equal(text.trim(), "", "text outside the root element");
      markup.text += decode(text);
    } else if (close === "/") {
      assert.equal(open.pop(), name, `closing </${name}>`);
    } else {
      markup.elements.push({ name, attributes: readAttributes(attributes) });
      if (empty !== "/" && !(html && voidTags.has(name))) open.push(name);
    }
  }
  assert.deepEqual(open, [], "elements that are not closed");
  return markup;
}

function readAttributes(source: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name, value] of source.matchAll(/([A-Za-z:-]+)="([^"]*)"/g)) {
    assert.ok(!(name in attributes), `attribute ${name} twice`);
    attributes[name] = decode(value);
  }
  return attributes;
}

function decode(text: string): string {
  assert.doesNotMatch(text, /&(?!#\d+;|[a-z]+;)/, "bare ampersand");
  return text.replace(/&(?:#(\d+)|([a-z]+));/g, (_, code, name) => {
    if (code !== undefined) return String.fromCodePoint(Number(code));
    assert.ok(name in entities, `unknown entity &${name};`);
    return entities[name];
  });
}
