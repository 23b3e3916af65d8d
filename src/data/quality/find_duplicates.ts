/** Groups of images that are the same, or nearly so. */
import type { CheckName, CheckThresholds } from "./checks.ts";
import { type CheckedImage, type DataIssue, issueImage } from "./data_issues.ts";
import { Groups } from "./groups.ts";
import { nearPairs } from "./near_duplicates.ts";
import { hashDistance } from "./perceptual_hash.ts";

/** One issue for each group; an image is in one group at most. */
export function findDuplicates(images: readonly CheckedImage[], thresholds: CheckThresholds): DataIssue[] {
  const firstOf = firstOfSameBytes(images);
  // One of each file stands for its copies.
  const different = images.flatMap((_, i) => (firstOf[i] === i ? [i] : []));
  const groups = new Groups(images.length);
  firstOf.forEach((first, i) => {
    groups.join(first, i);
  });
  const looks = different.map((i) => images[i].measures);
  const likeness = { distance: thresholds.hashDistance, correlation: thresholds.correlation };
  for (const { a, b } of nearPairs(looks, likeness)) groups.join(different[a], different[b]);
  return groups.members().map((members) => issueOf(members.map((i) => images[i])));
}

function firstOfSameBytes(images: readonly CheckedImage[]): number[] {
  const seen = new Map<string, number>();
  return images.map(({ sha256 }, i) => {
    const first = seen.get(sha256) ?? i;
    seen.set(sha256, first);
    return first;
  });
}

function issueOf(members: readonly CheckedImage[]): DataIssue {
  const [first] = members;
  const exact = members.every(({ sha256 }) => sha256 === first.sha256);
  const splits = differing(members.map(({ split }) => split));
  const labels = differing(members.map(({ label }) => label));
  const what = `${members.length} images are ${exact ? "the same file" : "nearly the same"}`;
  const check: CheckName =
    splits.length > 1
      ? "leakage"
      : labels.length > 1
        ? "conflicting-labels"
        : exact
          ? "exact-duplicates"
          : "near-duplicates";
  const where = [
    splits.length > 1 ? ` in ${splits.join(", ")}` : "",
    labels.length > 1 ? `${splits.length > 1 ? "," : ""} with the labels ${labels.join(", ")}` : "",
  ].join("");
  return {
    check,
    message: `${what}${where}`,
    images: members.map((one) => issueImage(one, difference(one, first))),
    value: null,
  };
}

function differing(names: readonly (string | null)[]): string[] {
  return [...new Set(names.map((name) => name ?? "no class"))];
}

function difference(one: CheckedImage, first: CheckedImage): string {
  const { width, height } = one.measures;
  if (one === first) return `${width} x ${height}`;
  if (one.sha256 === first.sha256) return "the same bytes";
  const distance = hashDistance(one.measures.hash, first.measures.hash);
  return `${width} x ${height}, hash differs in ${distance} bits`;
}
