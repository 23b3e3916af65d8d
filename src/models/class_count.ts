/** What networks take of which only the number of classes can be chosen. */
import { parameterTable } from "../base/params/arguments.ts";

export interface ClassCountParameters {
  /** Size of the output. @default 10 */
  numClasses?: number;
}

export const classCount = <Name extends string>(name: Name) =>
  parameterTable<ClassCountParameters>(name)(["numClasses?:integer"], (numClasses = 10) => ({
    numClasses,
  }));
