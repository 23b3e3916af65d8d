/** The bytes of the network: beside the page, or in it. */
import { joined } from "../../io/joined_pieces.ts";
import type { PageShipment } from "./shipment.ts";

/** Weights that are unavailable, or not this page's. */
export class WeightsProblem extends Error {
  readonly kind: "opened as file" | "missing" | "wrong";

  constructor(kind: WeightsProblem["kind"], why: string) {
    super(why);
    this.kind = kind;
  }
}

/**
 * Loads the weights.
 *
 * @param onProgress - called with the share that has arrived, 0 to 1.
 * @throws WeightsProblem if they are unavailable.
 */
export async function loadWeights(
  shipment: PageShipment,
  onProgress: (share: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  if (shipment.weightsFile === null) return bytesOfBase64(textOf("weights"));
  if (location.protocol === "file:") throw new WeightsProblem("opened as file", "file:");
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await fetched(shipment.weightsFile, shipment.weightsBytes, onProgress);
  } catch (error) {
    throw new WeightsProblem("missing", (error as Error).message);
  }
  await requireOwn(bytes, shipment);
  return bytes;
}

/** @throws WeightsProblem for the file of another shipment. */
export async function requireOwn(
  bytes: Uint8Array<ArrayBuffer>,
  { weightsBytes, sha256 }: PageShipment,
): Promise<void> {
  if (bytes.length !== weightsBytes)
    throw new WeightsProblem("wrong", `${bytes.length} bytes, expected ${weightsBytes}`);
  // Pages that came by plain http have no cryptography; the length has to do.
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (subtle === undefined) return;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256)
    throw new WeightsProblem("wrong", `SHA-256 ${found.slice(0, 12)}…, expected ${sha256.slice(0, 12)}…`);
}

async function fetched(
  file: string,
  length: number,
  onProgress: (share: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(file);
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
  const pieces: Uint8Array[] = [];
  let have = 0;
  const reader = response.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    have += piece.value.length;
    onProgress(Math.min(1, have / length));
  }
  return joined(pieces);
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** The text of a data block of the page. */
export function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}
