/** The settings of a training on a folder of photographs, and the file of its run that holds them with the split. */
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import * as v from "valibot";
import { FileError } from "../../base/errors.ts";
import { parseJson } from "../../base/json_text.ts";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import { MOST_JSON_BYTES, readTextSync } from "../../io/regular_file.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import { RUN_FILES } from "../../train/runs/run_folder.ts";
import { checkedSettings, notAsExpected } from "../settings/checked_settings.ts";
import type { SettingValues } from "../settings/setting.ts";
import { MOST_SIDE, PHOTO_SETTINGS } from "./photo_settings.ts";

/** What `config.json` and `photos.json` of such a run call their form. */
export const PHOTOS_FORMAT = "convoyant-photos-1";

const whole = (least: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(least));
/** What the weights are in the beginning. */
const INITIAL = ["imagenet", "random", "file", "onnx", "run"] as const;

/** All settings of a training on photographs. */
export type PhotosConfig = {
  format: typeof PHOTOS_FORMAT;
  /** The folder, or the CSV list. */
  photos: string;
  /** Where the network comes from: a registered name, "scratch", a file, or the folder of a run. */
  from: string;
  /** The registered name of the network; null for one out of an ONNX file. */
  model: string | null;
  initial: (typeof INITIAL)[number];
} & SettingValues<typeof PHOTO_SETTINGS>;

const settingsSchema = v.object({
  format: v.literal(PHOTOS_FORMAT),
  photos: v.string(),
  initial: v.picklist(INITIAL),
});

/** The part of a split that an image belongs to. */
export const PHOTO_SPLITS = ["train", "val", "test"] as const;
export type PhotoSplit = (typeof PHOTO_SPLITS)[number];

const side = v.pipe(whole(1), v.maxValue(MOST_SIDE));
const numbers = v.pipe(v.array(v.pipe(v.number(), v.finite())), v.minLength(1), v.maxLength(3));

const preprocessingSchema = v.object({
  resize: v.nullable(
    v.object({
      size: v.union([side, v.tuple([side, side])]),
      interpolation: v.picklist(["nearest", "bilinear", "bicubic"]),
    }),
  ),
  crop: v.nullable(v.tuple([side, side])),
  mean: numbers,
  std: numbers,
  background: v.tuple([whole(0), whole(0), whole(0)]),
});

const schema = v.object({
  format: v.literal(PHOTOS_FORMAT),
  config: v.looseObject(settingsSchema.entries),
  preprocessing: preprocessingSchema,
  classes: v.pipe(v.array(v.string()), v.minLength(2), v.maxLength(10_000)),
  /** Name, number of the class, part of the split, bytes of the file. */
  images: v.array(v.tuple([v.string(), whole(0), v.picklist(PHOTO_SPLITS), whole(0)])),
});

/** What `photos.json` of a run holds. */
export interface PhotosRecord {
  readonly config: PhotosConfig;
  readonly preprocessing: Preprocessing;
  readonly classes: readonly string[];
  readonly images: readonly (readonly [name: string, label: number, split: PhotoSplit, bytes: number])[];
}

/** Whether a folder holds a run on photographs. */
export function isPhotosRun(folder: string): boolean {
  return existsSync(join(folder, RUN_FILES.photos));
}

/** @throws FileError if it is not there or damaged. */
export function readPhotosRecord(folder: string): PhotosRecord {
  const path = join(folder, RUN_FILES.photos);
  let content: unknown;
  try {
    content = parseJson(readTextSync(path, MOST_JSON_BYTES));
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`${path} is damaged: it is not JSON; start a new run`, { cause: error });
  }
  const result = v.safeParse(schema, content);
  const damaged = (problem: string) => new FileError(`${path} is damaged: ${problem}`);
  if (!result.success) throw damaged(issueText(result.issues));
  const config = checkedPhotosConfig(result.output.config, damaged);
  return withOwnImages(folder, { ...result.output, config });
}

/** A run out of the Lab holds its images itself. */
function withOwnImages(folder: string, record: PhotosRecord): PhotosRecord {
  const { photos } = record.config;
  const inside = join(folder, photos);
  if (isAbsolute(photos) || !existsSync(inside)) return record;
  return { ...record, config: { ...record.config, photos: inside } };
}

/** Writes the record, whole or not at all. */
export function writePhotosRecord(folder: string, record: PhotosRecord): void {
  const { config, preprocessing, classes, images } = record;
  const lines = images.map((image) => `    ${JSON.stringify(image)}`).join(",\n");
  const head = JSON.stringify({ format: PHOTOS_FORMAT, config, preprocessing, classes }, null, 2);
  writeFileAtomicSync(
    join(folder, RUN_FILES.photos),
    `${head.slice(0, -2)},\n  "images": [\n${lines}\n  ]\n}\n`,
  );
}

function issueText([issue]: readonly v.BaseIssue<unknown>[]): string {
  return notAsExpected(issue.path?.map(({ key }) => String(key)).join(".") ?? "the file", issue.message);
}

/** @throws what `fail` makes of a setting that is out of its range. */
export function checkedPhotosConfig(
  given: Readonly<Record<string, unknown>>,
  fail: (message: string) => Error,
): PhotosConfig {
  const result = v.safeParse(settingsSchema, given);
  if (!result.success) throw fail(issueText(result.issues));
  return { ...result.output, ...checkedSettings(PHOTO_SETTINGS, given, fail) };
}
