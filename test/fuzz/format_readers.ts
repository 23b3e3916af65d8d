/** Readers of formats of arrays. Parts that a checksum guards are mutated before they are packed. */
import { readdirSync, readFileSync } from "node:fs";
import { unzipSync, zipSync } from "fflate";
import { rowsOfTable } from "../../src/data/folders/listed_images.ts";
import { load, onnx } from "../../src/index.ts";
import { fixturePath } from "../io/formats/format_fixtures.ts";
import type { FuzzedReader } from "./fuzz.ts";

const filesIn = (folder: string, wanted: RegExp): Uint8Array[] =>
  readdirSync(fixturePath(folder))
    .filter((name) => wanted.test(name))
    .map((name) => new Uint8Array(readFileSync(fixturePath(`${folder}/${name}`))));

/** The members of an archive, one of which is mutated. */
function memberReader(name: string, archive: Uint8Array, wanted: RegExp): FuzzedReader {
  const members = unzipSync(archive);
  const member = Object.keys(members).find((key) => wanted.test(key)) as string;
  return {
    name,
    files: [members[member]],
    read: (bytes) => load(zipSync({ ...members, [member]: bytes }, { level: 0 })),
  };
}

const LISTS = [
  'path,label\na.png,cat\n"b, c.png",dog\nd.jpg,"cow ""Ella"""\n',
  "a.png,cat\r\nb.png,dog\r\n\u00e9.png,\u732b\r\n",
].map((text) => new TextEncoder().encode(text));

const LIST_SETTINGS = {
  header: undefined,
  delimiter: ",",
  pathColumn: undefined,
  labelColumn: undefined,
  multiLabel: false,
  labelSeparator: "|",
};

/** Networks with nodes of many kinds: those whose sizes are computed, and some with one node. */
function networks(): Uint8Array[] {
  const cases = JSON.parse(readFileSync(fixturePath("onnx/operators.json"), "utf8")) as { model: string }[];
  const chosen = cases.filter((_, i) => i % 10 === 0 || i >= cases.length - 4);
  return [
    new Uint8Array(readFileSync(fixturePath("onnx/network.onnx"))),
    ...chosen.map(({ model }) => new Uint8Array(Buffer.from(model, "base64"))),
  ];
}

export const FORMAT_READERS: readonly FuzzedReader[] = [
  { name: "safetensors", files: filesIn("safetensors", /\.safetensors$/), read: (bytes) => load(bytes) },
  { name: "pth-zip", files: filesIn("pth", /\.zip\.pth$/), read: (bytes) => load(bytes) },
  memberReader("pth-pickle", filesIn("pth", /^layouts\.zip/)[0], /data\.pkl$/),
  memberReader("pth-checkpoint", filesIn("pth", /^checkpoint\.zip/)[0], /data\.pkl$/),
  { name: "pth-stream", files: filesIn("pth", /\.stream\.pth$/), read: (bytes) => load(bytes) },
  { name: "npz", files: filesIn("npy", /\.npz$/), read: (bytes) => load(bytes) },
  memberReader("npz-member", filesIn("npy", /^fortran big/)[0], /^cube\.npy$/),
  { name: "onnx", files: networks(), read: (bytes) => onnx.load(bytes) },
  { name: "npy", files: filesIn("npy", /\.npy$/), read: (bytes) => load(bytes) },
  { name: "csv", files: LISTS, read: (bytes) => rowsOfTable(bytes, "list.csv", LIST_SETTINGS) },
];
