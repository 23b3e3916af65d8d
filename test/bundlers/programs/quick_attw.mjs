// Loaded before arethetypeswrong, which asks two things again and again: nine tenths of its time. Here each answer is found once.
import { Package } from "@arethetypeswrong/core";

// For each file, whether the folders above are in the archive: it goes through the names of all files.
const { directoryExists } = Package.prototype;
const known = new WeakMap();

Package.prototype.directoryExists = function (path) {
  if (!known.has(this)) known.set(this, new Map());
  const answers = known.get(this);
  if (!answers.has(path)) answers.set(path, directoryExists.call(this, path));
  return answers.get(path);
};

// For each file, whether package.json says that it is a module: the compiler parses it, unless it is given a place to keep it.
const internals = import.meta
  .resolve("@arethetypeswrong/core")
  .replace(/[^/]+$/, "internal/multiCompilerHost.js");
const { CompilerHostWrapper } = await import(internals);
const { createCompilerHost } = CompilerHostWrapper.prototype;

CompilerHostWrapper.prototype.createCompilerHost = function (...args) {
  const getModuleResolutionCache = () => this.normalModuleResolutionCache;
  return { ...createCompilerHost.apply(this, args), getModuleResolutionCache };
};
