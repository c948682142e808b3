// How long the packed extension takes to load and to activate, in a fresh process with a `vscode`
// that remembers nothing. Prints one JSON object. `node bench/activate.mjs <bundle>`
import { readFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { argv, exit, stdout } from "node:process";

/** Anything can be read from it, called on it, constructed of it. */
function anything() {
  return new Proxy(class {}, {
    get: (target, name) => {
      if (name === "prototype") return target.prototype;
      if (name === Symbol.toPrimitive) return () => "";
      if (name === Symbol.iterator) return function* () {};
      return name === "then" ? undefined : anything();
    },
    set: () => true,
    apply: () => anything(),
    construct: () => anything(),
  });
}

/** A bundle copies the module's properties, so they have to exist by name. */
function vscodeModule() {
  const types = createRequire(import.meta.url).resolve("@types/vscode/package.json");
  const declarations = readFileSync(resolve(dirname(types), "index.d.ts"), "utf8");
  const names = declarations.matchAll(
    /^\s*export (?:abstract )?(?:namespace|class|enum|const|let|function) (\w+)/gm,
  );
  const module = Object.fromEntries([...names].map(([, name]) => [name, anything()]));
  // Settings have their defaults.
  const configuration = { get: (_, fallback) => fallback, inspect: () => undefined };
  module.workspace = new Proxy(
    { isTrusted: true, getConfiguration: () => configuration },
    { get: (known, name) => known[name] ?? anything() },
  );
  return module;
}

const vscode = vscodeModule();
const load = Module._load;
Module._load = (request, ...rest) =>
  request === "vscode" ? vscode : load.call(Module, request, ...rest);

const bundle = resolve(argv[2]);
const own = { subscriptions: [], extensionPath: dirname(dirname(bundle)) };
const context = new Proxy(own, { get: (known, name) => known[name] ?? anything() });

const begun = performance.now();
const extension = createRequire(import.meta.url)(bundle);
const loaded = performance.now();
await extension.activate(context);
const active = performance.now();
const registered = own.subscriptions.length;
stdout.write(JSON.stringify({ load: loaded - begun, activate: active - loaded, registered }));
exit(0);
