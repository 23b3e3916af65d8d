/** What a class is called. */
export interface ClassName {
  readonly en: string;
  readonly zh: string;
}
