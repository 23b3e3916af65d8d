/** The classifiers that classic pipelines know by name. */
import { Registry } from "../../base/registry.ts";
import {
  type Classifying,
  KNeighborsClassifier,
  LinearSVC,
  SoftmaxRegression,
  SVC,
} from "../../classic/index.ts";

/** What the command line may change. */
export interface ClassifierSettings {
  /** Weight of the training errors; null for the classifier's own. */
  readonly C: number | null;
  /** Of kernels; null for the classifier's own. */
  readonly gamma: number | null;
  readonly seed: number;
}

/** A classifier by name. */
export interface ClassifierEntry {
  readonly name: string;
  /** For help texts. */
  readonly title: string;
  /** Those settings that it has. */
  readonly takes: readonly ("C" | "gamma")[];
  make(settings: ClassifierSettings): Classifying;
}

/** Kernels pay less for errors in these features. */
const KERNEL_C = 10;

const withGamma = (gamma: number | null) => (gamma === null ? {} : { gamma });

const CLASSIFIERS = new Registry<ClassifierEntry>("classifier", () => [
  {
    name: "softmax",
    title: "softmax regression",
    takes: ["C"],
    make: ({ C }) => SoftmaxRegression({ C: C ?? 1, maxIter: 200 }),
  },
  {
    name: "linear-svm",
    title: "linear support vector machine",
    takes: ["C"],
    make: ({ C, seed }) => LinearSVC({ C: C ?? 1, seed }),
  },
  {
    name: "rbf-svm",
    title: "support vector machine, RBF kernel",
    takes: ["C", "gamma"],
    make: ({ C, gamma, seed }) => SVC({ C: C ?? KERNEL_C, kernel: "rbf", seed, ...withGamma(gamma) }),
  },
  {
    name: "chi2-svm",
    title: "support vector machine, chi-square kernel",
    takes: ["C", "gamma"],
    make: ({ C, gamma, seed }) => SVC({ C: C ?? KERNEL_C, kernel: "chi2", seed, ...withGamma(gamma) }),
  },
  {
    name: "intersection-svm",
    title: "support vector machine, histogram intersection kernel",
    takes: ["C"],
    make: ({ C, seed }) => SVC({ C: C ?? 1, kernel: "intersection", seed }),
  },
  {
    name: "knn",
    title: "k nearest neighbours",
    takes: [],
    make: () => KNeighborsClassifier({ nNeighbors: 5 }),
  },
]);

/** Names of the classifiers, the default first. */
export const classifierNames = (): string[] => CLASSIFIERS.names();

/** @throws ArgumentError for a name that does not exist, with the nearest one that does. */
export const classifierEntry = (name: string): ClassifierEntry => CLASSIFIERS.get(name);
