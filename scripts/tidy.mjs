#!/usr/bin/env node
// clang-tidy over the daemon's sources; one that was clean is not looked at again before its text,
// a header it includes or the list of checks changes.
// `node scripts/tidy.mjs <build folder> [file...]`
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { argv, exit, stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const buildFolder = argv[2] ?? join(root, "build", "asan");
const cleanFolder = join(root, "build", "tidy");
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

/** Resolves to clang-tidy's words, or "" when it found nothing. */
function findings(file) {
  return new Promise((resolve) => {
    let words = "";
    const child = spawn(tidy, ["-p", buildFolder, "--quiet", file], {
      stdio: ["ignore", "pipe", "pipe"],
    });
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

const compiled = new Set(
  JSON.parse(readFileSync(join(buildFolder, "compile_commands.json"), "utf8")).map((entry) =>
    join(entry.directory, relative(entry.directory, entry.file)),
  ),
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
mkdirSync(cleanFolder, { recursive: true });

const waiting = files
  .map((file) => ({ file, mark: join(cleanFolder, fingerprint(file, settings)) }))
  .filter(({ mark }) => !existsSync(mark));
let dirty = 0;
async function work() {
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const words = await findings(next.file);
    if (words) {
      dirty += 1;
      stderr.write(`${words}\n`);
    } else {
      writeFileSync(next.mark, relative(root, next.file));
    }
  }
}
const looked = waiting.length;
await Promise.all(Array.from({ length: availableParallelism() }, work));
stdout.write(`clang-tidy: ${files.length} files, ${looked} looked at, ${dirty} with findings\n`);
exit(dirty === 0 && files.length > 0 ? 0 : 1);
