/** Parts that follow each other and are equal become one with a count; what is too long or too wide is left out. */
import type { Label } from "./layer_label.ts";
import { type Block, type Box, isChain, type Level, layersOf, OUTSIDE, type Part } from "./parts.ts";

/** The longest pattern that is looked for: parts that repeat together. */
const LONGEST_PATTERN = 6;

/** How a level is shortened. */
export interface Shortening {
  /** Whether equal parts become one with a count. */
  readonly repeats: boolean;
  /** Whether a pattern of several parts that repeats becomes a block. */
  readonly patterns: boolean;
  /** Rows of more parts than this lose those in the middle. */
  readonly longest: number;
  /** A level with branches that has more parts than this becomes one part. */
  readonly most: number;
}

/** The level with its repetitions counted, and its blocks likewise. */
export function shortened(level: Level, how: Shortening): Level {
  const inner: Level = { ...level, parts: level.parts.map((part) => shortenedPart(part, how)) };
  const runs = runsOf(inner).flatMap((run) => shortRun(run, inner, how));
  const short = runs.length === inner.parts.length ? inner : regrouped(inner, runs);
  return isChain(short) || !isTooLarge(short, how) ? short : asOne(short);
}

/** Lines over many layers are what takes long to lay out. */
const MOST_SPANNED = 400;

function isTooLarge({ parts, links }: Level, { most }: Shortening): boolean {
  return parts.length > most || links.reduce((sum, [from, to]) => sum + to - from, 0) > MOST_SPANNED;
}

function shortenedPart(part: Part, how: Shortening): Part {
  return part.type === "block" ? { ...part, level: shortened(part.level, how) } : part;
}

/** Parts that are replaced by one, or a part as it is. */
interface Group {
  readonly members: readonly number[];
  readonly part: Part;
}

/** Rows of parts, each of which only takes what the one before gives, which nothing else takes. */
function runsOf({ parts, links, results }: Level): number[][] {
  const sources: number[][] = parts.map(() => []);
  const readers: number[] = parts.map(() => 0);
  for (const [from, to] of links) {
    sources[to].push(from);
    if (from !== OUTSIDE) readers[from]++;
  }
  for (const result of results) readers[result]++;
  const runs: number[][] = [];
  const runAt = new Map<number, number[]>();
  parts.forEach((_part, i) => {
    const [source] = sources[i];
    const run =
      sources[i].length === 1 && source !== OUTSIDE && readers[source] === 1 ? runAt.get(source) : undefined;
    if (run === undefined) {
      const fresh = [i];
      runs.push(fresh);
      runAt.set(i, fresh);
    } else {
      run.push(i);
      runAt.set(i, run);
    }
  });
  return runs;
}

function shortRun(run: readonly number[], { parts }: Level, how: Shortening): Group[] {
  let groups: Group[] = run.map((i) => ({ members: [i], part: parts[i] }));
  if (how.repeats) groups = counted(groups, 1);
  if (how.patterns)
    for (let length = 2; length <= LONGEST_PATTERN; length++) groups = counted(groups, length);
  if (groups.length <= how.longest) return groups;
  const kept = Math.max(1, Math.floor((how.longest - 1) / 2));
  const middle = groups.slice(kept, groups.length - kept);
  const omission: Part = {
    type: "omission",
    layers: middle.reduce((sum, { part }) => sum + layersOf(part), 0),
    parallel: false,
    shape: (middle.at(-1) as Group).part.shape,
  };
  const left: Group = { members: middle.flatMap(({ members }) => members), part: omission };
  return [...groups.slice(0, kept), left, ...groups.slice(groups.length - kept)];
}

/** Groups with each pattern of `length` that follows itself counted. */
function counted(groups: readonly Group[], length: number): Group[] {
  const keys = groups.map(({ part }) => keyOf(part));
  const found: Group[] = [];
  for (let at = 0; at < groups.length; ) {
    let times = 1;
    const repeats = (from: number) =>
      from + length <= groups.length && keys.slice(at, at + length).every((key, i) => key === keys[from + i]);
    while (repeats(at + times * length)) times++;
    const isUniform = length > 1 && keys.slice(at, at + length).every((key) => key === keys[at]);
    if (times === 1 || isUniform) {
      found.push(groups[at]);
      at++;
      continue;
    }
    const taken = groups.slice(at, at + times * length);
    found.push({ members: taken.flatMap(({ members }) => members), part: together(taken, length, times) });
    at += times * length;
  }
  return found;
}

function together(taken: readonly Group[], length: number, times: number): Part {
  const rows = Array.from({ length }, (_, i) =>
    merged(taken.filter((_one, at) => at % length === i).map(({ part }) => part)),
  );
  const [only] = rows;
  if (length === 1) return only;
  const level: Level = {
    parts: rows.map((part) => ({ ...part, ...("count" in part && { count: part.count / times }) }) as Part),
    links: rows.map((_part, i) => [i - 1, i] as const),
    results: [length - 1],
  };
  const last = rows[length - 1];
  return { type: "block", title: "", path: "", level, shape: last.shape, channels: [], count: times };
}

/** Equal keys: equal parts, but for sizes of images; of blocks with a class also but for channels. */
function keyOf(part: Part): string {
  if (part.type === "omission") return `omission ${part.layers}`;
  if (part.type === "box") return JSON.stringify([part.label, part.followedBy, part.count]);
  return looseKey(part, part.title !== "" && part.level.links.length > part.level.parts.length);
}

function looseKey(part: Part, loose: boolean): string {
  if (part.type === "omission") return `omission ${part.layers}`;
  if (part.type === "box") {
    const plain = (label: Label) => (loose ? { ...label, channels: 0 } : label);
    return JSON.stringify([plain(part.label), part.followedBy.map(plain), part.count]);
  }
  const { title, level, count } = part;
  return JSON.stringify([
    title,
    level.parts.map((one) => looseKey(one, loose)),
    level.links,
    level.results,
    count,
  ]);
}

/** One part for several with the same key: what differs is left out. */
function merged(parts: readonly Part[]): Part {
  const [first] = parts;
  const shape = same(parts.map((part) => part.shape));
  if (first.type === "omission") return { ...first, shape };
  const count = parts.reduce((sum, part) => sum + (part as Box | Block).count, 0);
  if (first.type === "box") return { ...(mergedBox(parts as readonly Box[]) as Box), count };
  const blocks = parts as readonly Block[];
  const channels = blocks.map((block) => block.shape?.[0] ?? 0);
  const level = mergedLevel(blocks.map((block) => block.level));
  const differ = channels.some((one) => one !== channels[0]);
  return { ...first, level, shape, channels: differ ? channels : [], count };
}

/** What stands for the same box in several blocks: channels that differ are left out. */
function mergedBox(boxes: readonly Box[]): Box {
  const [first] = boxes;
  const shape = same(boxes.map((box) => box.shape));
  const channels = boxes.map(({ label }) => label.channels);
  const differ = channels.some((one) => one !== channels[0]);
  return { ...first, label: differ ? { ...first.label, channels: null } : first.label, shape };
}

function mergedLevel(levels: readonly Level[]): Level {
  const [first] = levels;
  const parts = first.parts.map((part, i): Part => {
    const all = levels.map((level) => level.parts[i]);
    if (part.type === "box") return mergedBox(all as readonly Box[]);
    if (part.type === "omission") return part;
    return {
      ...part,
      level: mergedLevel((all as readonly Block[]).map((block) => block.level)),
      shape: same(all.map(({ shape }) => shape)),
    };
  });
  return { ...first, parts };
}

function same(shapes: readonly (readonly number[] | null)[]): readonly number[] | null {
  const [first] = shapes;
  return shapes.every((shape) => String(shape) === String(first)) ? first : null;
}

/** The level with groups in the place of their members. */
function regrouped({ parts, links, results }: Level, groups: readonly Group[]): Level {
  const ordered = [...groups].sort((a, b) => a.members[0] - b.members[0]);
  const placeOf: number[] = new Array(parts.length).fill(0);
  ordered.forEach(({ members }, place) => {
    for (const member of members) placeOf[member] = place;
  });
  const seen = new Set<string>();
  const kept = links.flatMap(([from, to]): [number, number][] => {
    const pair: [number, number] = [from === OUTSIDE ? OUTSIDE : placeOf[from], placeOf[to]];
    if (pair[0] === pair[1] || seen.has(String(pair))) return [];
    seen.add(String(pair));
    return [pair];
  });
  return {
    parts: ordered.map(({ part }) => part),
    links: kept,
    results: [...new Set(results.map((result) => placeOf[result]))],
  };
}

/** A level that is too large to be drawn, as one part. */
function asOne({ parts, results }: Level): Level {
  const shape = parts[results[0]]?.shape ?? null;
  const layers = parts.reduce((sum, part) => sum + layersOf(part), 0);
  return {
    parts: [{ type: "omission", layers, parallel: true, shape }],
    links: [[OUTSIDE, 0]],
    results: [0],
  };
}
