/** What building and looking up programs has cost: for the benchmark. */
export interface SessionStatistics {
  programs: number;
  runs: number;
  captureMilliseconds: number;
  compileMilliseconds: number;
}
