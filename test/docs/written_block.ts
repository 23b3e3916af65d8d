/** Parts of a page that a script writes between two comments, and a test compares. */

/** The script that writes a block, in `test/docs`. */
const WRITERS: Readonly<Record<string, string>> = {
  "conv2d-route": "write_architecture",
  "onnx-operators": "write_formats",
};

function marks(name: string): readonly [string, string] {
  return [
    `<!-- ${name}: written by \`node build/test/docs/${WRITERS[name]}.js\` -->`,
    `<!-- end of ${name} -->`,
  ];
}

/** What stands between a block's marks. */
export function writtenBlock(page: string, name: string): string {
  const [start, end] = marks(name);
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page lacks the lines ${start} and ${end}`);
  return page.slice(from + start.length, to).trim();
}

/** The page with another text between the marks. */
export function withBlock(page: string, name: string, text: string): string {
  const [start, end] = marks(name);
  writtenBlock(page, name);
  return `${page.slice(0, page.indexOf(start) + start.length)}\n\n${text}\n\n${page.slice(page.indexOf(end))}`;
}
