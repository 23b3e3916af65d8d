/** Warns of layers that a network uses without holding them as its own: nothing would train or save them. */
import { warnOnce } from "../../base/warnings.ts";
import type { Module } from "./module.ts";

/** Modules that the user's code has dealt with by themselves: called, trained, saved, switched, converted. */
const handled = new WeakSet<Module>();
const classNumbers = new WeakMap<object, number>();
let classes = 0;

/** Notes that the user's code deals with a module itself, as with a teacher or one of several networks. */
export function noteHandled(module: Module): void {
  handled.add(module);
}

/**
 * Warns, once for a class of owner and a printed form, that `owner` called in its `forward` what is not part of the
 * network. Networks that the user deals with elsewhere, and layers without state, are meant as they are.
 */
export function warnUnregistered(module: Module, owner: Module): void {
  if (handled.has(module) || !hasState(module)) return;
  const [name, of] = [module.toString(), owner.constructor.name];
  // Its parts need no warning of their own, nor does it need a second one.
  for (const part of module.modules()) handled.add(part);
  warnOnce(
    `unregistered ${numberOf(owner.constructor)} ${name}`,
    `${of} calls ${name} in forward(), which is not registered as a part of it: parameters(), stateDict(), train() and ` +
      "to() do not reach it, so that it is neither trained nor saved. #private fields, arrays, Maps and variables do not " +
      `register layers: assign it to a property of ${of} (this.name = layer), or keep several in nn.ModuleList([...]) ` +
      "or nn.ModuleDict({...}), or call this.registerModule(name, layer)",
  );
}

/** Warns of a parameter in a list or a Map of a module. */
export function warnListedParameter(property: string, owner: Module): void {
  const of = owner.constructor.name;
  warnOnce(
    `listed parameter ${numberOf(owner.constructor)} ${property}`,
    `${of} keeps an nn.Parameter in \`${property}\`, where parameters() and stateDict() do not find it; use ` +
      "nn.ParameterList([...]) or nn.ParameterDict({...}), or assign it to a property",
  );
}

/** Classes are identified by themselves: two may have one name. */
function numberOf(of: object): number {
  const known = classNumbers.get(of) ?? ++classes;
  classNumbers.set(of, known);
  return known;
}

function hasState(module: Module): boolean {
  if (module.isLazy) return true;
  const { parameters, buffers } = module.ownTensors();
  return parameters.length + buffers.length > 0 || module.ownModules().some(([, child]) => hasState(child));
}
