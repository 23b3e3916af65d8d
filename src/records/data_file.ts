/** A file that is fetched: what it must contain. */

/** One of the four files of a data set. */
export interface DataFile {
  /** Name of the unpacked file; packed it has `.gz` behind it. */
  readonly name: string;
  /** Of the unpacked bytes: redistributors pack them again. */
  readonly sha256: string;
  /** Of the unpacked file. */
  readonly bytes: number;
}
