/** The page about a folder that was checked, with small images of what was found. */
import { writeFileSync } from "node:fs";
import { ConvoyantError } from "../../base/errors.ts";
import { VERSION } from "../../base/version.ts";
import type { DataIssue } from "../../data/quality/data_issues.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import { readImage } from "../../io/images/decode_image.ts";
import { encodeJpeg } from "../../io/images/jpeg/encode_jpeg.ts";
import type { Image } from "../../records/image.ts";
import { base64 } from "../../report/html/base64.ts";
import { MOST_IN_GROUP, MOST_LISTED, renderDataReport } from "../../report/html/data_report_html.ts";
import { resample } from "../../report/image.ts";
import type { DataCheck } from "./check_data.ts";

/** The longer side of a small image: twice what the page shows, for sharp screens. */
const SIDE = 260;

/**
 * The page about a checked folder, as HTML: one file without scripts that opens without a network. Images are read again
 * and shown small.
 *
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const html = await experiments.dataReport(await experiments.checkData("photos"));
 * ```
 */
export async function dataReport(check: DataCheck): Promise<string> {
  const thumbnails = new Map<string, string>();
  for (const path of shownPaths(check.issues)) {
    const uri = await thumbnail(path);
    if (uri !== null) thumbnails.set(path, uri);
  }
  const { labelsNotChecked, interrupted } = check;
  const remarks = [
    ...(interrupted ? ["Interrupted: not all images were checked."] : []),
    ...(labelsNotChecked === null
      ? []
      : [`${labelsNotChecked[0].toUpperCase()}${labelsNotChecked.slice(1)}.`]),
  ];
  return renderDataReport({ ...check, remarks, thumbnails, version: VERSION });
}

/**
 * Writes {@link dataReport} to a file.
 *
 * @throws FileError if it cannot be written.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * await experiments.writeDataReport(await experiments.checkData("photos"), "report.html");
 * ```
 */
export async function writeDataReport(check: DataCheck, file: string): Promise<void> {
  const html = await dataReport(check);
  try {
    writeFileSync(file, html);
  } catch (error) {
    throw fileErrorOf(error, file, "write");
  }
}

/** Of the images that the page lists. */
function shownPaths(issues: readonly DataIssue[]): Set<string> {
  const listed = new Map<string, number>();
  const paths = new Set<string>();
  for (const { check, images } of issues) {
    const count = (listed.get(check) ?? 0) + 1;
    listed.set(check, count);
    if (count > MOST_LISTED || check === "unreadable") continue;
    for (const { path } of images.slice(0, MOST_IN_GROUP)) paths.add(path);
  }
  return paths;
}

async function thumbnail(path: string): Promise<string | null> {
  try {
    const image = shrunk(await readImage(path));
    return `data:image/jpeg;base64,${base64(encodeJpeg(image, { quality: 80 }))}`;
  } catch (error) {
    // It was there when it was checked.
    if (error instanceof ConvoyantError) return null;
    throw error;
  }
}

function shrunk(image: Image): Image {
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return resample(image, side(image.width), side(image.height));
}
