#!/usr/bin/env node
// Which folder may know which: fails on an include or import that points up or sideways.
// docs/architecture.md draws the same arrows. `node scripts/layers.mjs [root]`
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";

/** Each layer of server/ and what it may include besides itself. */
const server = {
  main: [
    "cli",
    "service",
    "agent",
    "livy",
    "deploy",
    "hdfs",
    "local",
    "http",
    "rpc",
    "base",
    "protocol",
  ],
  cli: ["service", "agent", "livy", "deploy", "hdfs", "local", "http", "rpc", "base", "protocol"],
  service: ["agent", "livy", "deploy", "hdfs", "local", "http", "base", "protocol"],
  agent: ["livy", "http", "base"],
  livy: ["http", "base"],
  deploy: ["base"],
  hdfs: ["http", "base"],
  local: ["http", "base"],
  http: ["base"],
  rpc: ["base"],
  base: [],
  protocol: [],
};

/** The files that stand in server/ itself, without suffix. */
const serverFiles = { main: "main" };

/** Headers that only the .cpp files of one folder may include. */
const guarded = [
  {
    pattern: /^boost\/(beast|asio\/ssl)|^openssl\/(?!evp\.h)|^gssapi/,
    folder: "server/http/",
    suffix: ".cpp",
    // The loaded library's functions; no other header may know it.
    besides: "server/http/auth/gssapi_library.hpp",
  },
  { pattern: /^http\/auth\/gssapi_library/, folder: "server/http/", suffix: ".cpp" },
  {
    pattern: /^openssl\/evp\.h$/,
    folder: "server/http/",
    suffix: ".cpp",
    besides: "server/base/digest.cpp",
  },
  { pattern: /^zip(conf)?\.h$/, folder: "server/deploy/zip", suffix: ".cpp" },
  { pattern: /^spdlog\//, folder: "server/base/", suffix: ".cpp" },
  { pattern: /^CLI\//, folder: "server/cli/", suffix: ".cpp" },
];
/** Costs every translation unit two seconds; the narrow headers do not. */
const forbidden = /^boost\/(asio|beast)\.hpp$/;

/** The one file of the extension that knows all features, because it wires them. */
const extensionRoot = "extension/src/extension.ts";
/** A feature is what the root activates; everything else is there for all of them. */
const isFeature = (text) => /^export (async )?(function|const) activate\b/m.test(text);

function filesBelow(folder, suffixes) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((name) => suffixes.some((suffix) => name.endsWith(suffix)))
    .sort();
}

/** The layer of a file, by its path from the root with forward slashes; undefined: of no layer. */
function layerOf(path) {
  if (path.startsWith("protocol/")) return "protocol";
  const [top, first, ...deeper] = path.split("/");
  if (top !== "server") return undefined;
  if (deeper.length > 0) return first in server ? first : undefined;
  return serverFiles[first.replace(/\.[^.]*$/, "")];
}

/** Every match of `pattern` (its first group) with its line. */
function* matchesByLine(text, pattern) {
  for (const [index, line] of text.split("\n").entries()) {
    for (const match of line.matchAll(pattern)) yield { line: index + 1, target: match[1] };
  }
}

function* serverProblems(root, path) {
  const layer = layerOf(path);
  if (!layer) {
    yield { path, line: 1, text: "belongs to no layer: name it in scripts/layers.mjs" };
    return;
  }
  const text = readFileSync(join(root, path), "utf8");
  for (const { line, target } of matchesByLine(text, /^\s*#\s*include\s*"([^"]+)"/g)) {
    const found = [join(dirname(path), target), join("server", target), target]
      .map((candidate) => normalize(candidate).split(sep).join("/"))
      .find((candidate) => existsSync(join(root, candidate)));
    // What is not in the tree was printed into the build folder by the file's own library.
    const other = found && layerOf(found);
    if (other && other !== layer && !server[layer].includes(other)) {
      yield { path, line, text: `${layer} may not include ${target} (${other})` };
    }
  }
  for (const { line, target } of matchesByLine(text, /^\s*#\s*include\s*<([^>]+)>/g)) {
    if (forbidden.test(target))
      yield { path, line, text: `<${target}> is slow to compile; include what is used` };
    for (const { pattern, folder, suffix, besides } of guarded) {
      const fits = path === besides || (path.startsWith(folder) && path.endsWith(suffix));
      if (pattern.test(target) && !fits) {
        yield { path, line, text: `<${target}> belongs into ${folder}*${suffix} only` };
      }
    }
  }
}

function* extensionProblems(root, path) {
  if (path === extensionRoot) return;
  const text = readFileSync(join(root, path), "utf8");
  const reason = isFeature(text)
    ? "features do not know each other"
    : "features import it, so it imports none";
  const imports = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'](\.[^"']*)["']/g;
  for (const { line, target } of matchesByLine(text, imports)) {
    const module = join(root, dirname(path), target.replace(/\.(js|ts)$/, ""));
    const file = [`${module}.ts`, join(module, "index.ts")].find(existsSync);
    if (file && isFeature(readFileSync(file, "utf8"))) {
      yield { path, line, text: `may not import ${target}: ${reason}` };
    }
  }
}

/** Everything that is wrong in the tree below `root`, as { path, line, text }. */
export function problemsIn(root) {
  const fromRoot = (path) => relative(root, path).split(sep).join("/");
  const problems = [];
  for (const path of filesBelow(join(root, "server"), [".cpp", ".hpp"])) {
    problems.push(...serverProblems(root, fromRoot(path)));
  }
  for (const path of filesBelow(join(root, "extension", "src"), [".ts"])) {
    problems.push(...extensionProblems(root, fromRoot(path)));
  }
  return problems;
}

if (argv[1] && fileURLToPath(import.meta.url) === argv[1]) {
  const root = argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..");
  const problems = problemsIn(root);
  for (const { path, line, text } of problems) stderr.write(`${path}:${line}: ${text}\n`);
  if (problems.length === 0) stdout.write("Every include and import points down.\n");
  exit(problems.length === 0 ? 0 : 1);
}
