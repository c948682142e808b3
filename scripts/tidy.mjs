#!/usr/bin/env node
// clang-tidy over the daemon's sources; one that was clean is not looked at again before its text,
// a header it includes or the list of checks changes. Sources are looked at several at once, since
// most of the time goes into the headers they share; those of a group that are not clean, once more by themselves.
// `node scripts/tidy.mjs <build folder> [file...]`
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const buildFolder = argv[2] ?? join(root, "build", "asan");
const cleanFolder = join(root, "build", "tidy");
const groupFolder = join(cleanFolder, "groups");
const groupSize = 6;
const tidy = process.env.CLANG_TIDY ?? "clang-tidy-19";

/** The file and, transitively, the headers of this tree that it includes. */
function withHeaders(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, target] of readFileSync(file, "utf8").matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) {
    const header = [dirname(file), join(root, "server"), root]
      .map((folder) => join(folder, target))
      .find(existsSync);
    if (header) withHeaders(header, seen);
  }
  return seen;
}

function fingerprint(file, settings) {
  const hash = createHash("sha256").update(settings);
  for (const part of [...withHeaders(file)].sort())
    hash.update(part.slice(root.length)).update(readFileSync(part));
  return hash.digest("hex");
}

/** Resolves to clang-tidy's words about a source compiled with these options, "" when it found nothing. */
function findings(source, options, more = []) {
  return new Promise((resolve) => {
    let words = "";
    const list = join(root, ".clang-tidy");
    const asked = [`--config-file=${list}`, ...more, "--quiet", source, "--", ...options];
    const child = spawn(tidy, asked, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (piece) => (words += piece));
    // Standard error only counts suppressed warnings, unless the tool itself failed.
    let errors = "";
    child.stderr.on("data", (piece) => (errors += piece));
    child.on("error", (error) => resolve(`${tidy} cannot be started: ${error.message}`));
    child.on("close", (code) =>
      resolve(code === 0 ? "" : words.trim() || errors.trim() || `exit code ${code}`),
    );
  });
}

/** How a source is compiled: without the compiler, the source and the result. */
function optionsOf({ command }) {
  const [, ...words] = command.replaceAll('\\"', '"').split(" ");
  return words.filter(
    (word, at) => !["-o", "-c"].includes(word) && !["-o", "-c"].includes(words[at - 1]),
  );
}

const compiled = new Map(
  JSON.parse(readFileSync(join(buildFolder, "compile_commands.json"), "utf8")).map((entry) => [
    join(entry.directory, relative(entry.directory, entry.file)),
    optionsOf(entry),
  ]),
);
const files = (
  argv.length > 3
    ? argv.slice(3)
    : readdirSync(join(root, "server"), { recursive: true }).map((name) =>
        join("server", String(name)),
      )
)
  .map((name) => join(root, relative(root, join(root, name))))
  .filter((name) => name.endsWith(".cpp") && compiled.has(name));
const settings = readFileSync(join(root, ".clang-tidy"), "utf8");
mkdirSync(groupFolder, { recursive: true });

const waiting = files
  .map((file) => ({ file, mark: join(cleanFolder, fingerprint(file, settings)) }))
  .filter(({ mark }) => !existsSync(mark));
const looked = waiting.length;
let dirty = 0;

function clean({ file, mark }) {
  writeFileSync(mark, relative(root, file));
}

async function lookAt(one) {
  const words = await findings(one.file, compiled.get(one.file));
  if (!words) return clean(one);
  dirty += 1;
  stderr.write(`${words}\n`);
}

/** Sources with the same options as one. Names may clash then: those are looked at by themselves. */
async function lookAtAll(group) {
  if (group.length === 1) return lookAt(group[0]);
  const whole = join(groupFolder, `${basename(group[0].mark)}.cpp`);
  writeFileSync(whole, group.map(({ file }) => `#include "${file}"\n`).join(""));
  const options = [...compiled.get(group[0].file), "-Wno-shadow", "-ferror-limit=0"];
  const words = await findings(whole, options, ["--checks=-bugprone-suspicious-include"]);
  rmSync(whole);
  if (!words) return group.forEach(clean);
  const named = new Set(words.matchAll(/^(\S+?):\d+:\d+: error: /gm).map(([, file]) => file));
  const alone = group.filter(({ file }) => named.has(file));
  const others = group.filter(({ file }) => !named.has(file));
  if (alone.length === 0) alone.push(...others.splice(0));
  for (const one of alone) await lookAt(one);
  if (others.length > 0) await lookAtAll(others);
}

const folders = Map.groupBy(waiting, ({ file }) => compiled.get(file).join(" "));
const groups = [...folders.values()].flatMap((folder) =>
  Array.from({ length: Math.ceil(folder.length / groupSize) }, (_, index) =>
    folder.slice(index * groupSize, (index + 1) * groupSize),
  ),
);
async function work() {
  for (let group = groups.pop(); group; group = groups.pop()) await lookAtAll(group);
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
stdout.write(`clang-tidy: ${files.length} files, ${looked} looked at, ${dirty} with findings\n`);
exit(dirty === 0 && files.length > 0 ? 0 : 1);
