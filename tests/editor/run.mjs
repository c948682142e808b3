// Runs the editor's tests: `run.mjs [--screenshot] [words]`. With words, only the tests whose suite or
// name contains them all; with --screenshot, the README's picture is made again as well.
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { installExtension, startServer, stopServers } from "./server.mjs";
import { artefacts, findTools, Missing, repository } from "./tools.mjs";
import { openWorkbench, startBrowser } from "./workbench.mjs";

const words = process.argv.slice(2).filter((word) => word !== "--screenshot");
const readmePicture = process.argv.includes("--screenshot")
  ? join(repository, "docs", "screenshot.png")
  : undefined;
const counts = { passed: 0, failed: 0 };
/** What must be ended, also when this program is interrupted: newest first. */
const cleanups = [stopServers];
let cleaning;

try {
  await main();
} catch (failure) {
  counts.failed += 1;
  console.log(`not ok ${failure instanceof Missing ? failure.message : failure.stack}`);
}
await cleanUp();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);

async function main() {
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => void cleanUp().finally(() => process.exit(130)));
  }
  const tools = await findTools();
  await rm(artefacts, { recursive: true, force: true });
  await mkdir(artefacts, { recursive: true });
  const scratch = await mkdtemp(join(tmpdir(), "livyd-editor-vsix-"));
  cleanups.unshift(() => rm(scratch, { recursive: true, force: true }));
  const extensions = await installExtension(tools, scratch);
  const browser = await startBrowser(tools);
  cleanups.unshift(() => browser.close());
  for (const suite of await suites()) await runSuite(suite, { tools, extensions, browser });
}

async function suites() {
  const folder = new URL("./suites/", import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith(".mjs")).sort();
  const loaded = [];
  for (const name of names) loaded.push((await import(new URL(name, folder))).suite);
  return loaded
    .map((suite) => ({
      ...suite,
      tests: suite.tests.filter(([title]) =>
        words.every((word) => `${suite.name}: ${title}`.includes(word)),
      ),
    }))
    .filter((suite) => suite.tests.length > 0);
}

/** A suite is one server and one window. */
async function runSuite(suite, { tools, extensions, browser }) {
  const started = Date.now();
  const stops = [];
  const stop = async () => {
    while (stops.length > 0) await stops.pop()();
  };
  cleanups.unshift(stop);
  const world = { tools, browser, readmePicture };
  try {
    const prepared = (await suite.prepare?.(tools, extensions)) ?? {};
    if (prepared.stop) stops.push(prepared.stop);
    world.prepared = prepared;
    world.server = await startServer(tools, { extensions, ...suite.options(tools, prepared) });
    stops.push(() => world.server.stop());
    world.window = await openWorkbench(browser, world.server);
    // One that is left would look for its server until the end.
    stops.push(() => world.window.close());
    for (const [title, body] of suite.tests) await runTest(`${suite.name}: ${title}`, body, world);
  } catch (failure) {
    report(`${suite.name}: the suite`, failure);
  }
  await stop().catch((failure) => report(`${suite.name}: ends all it started`, failure));
  cleanups.splice(cleanups.indexOf(stop), 1);
  console.log(`# ${suite.name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** A test that fails is tried once more in a fresh window; that this was needed is said. */
async function runTest(name, body, world) {
  const started = Date.now();
  const seconds = () => `(${((Date.now() - started) / 1000).toFixed(1)} s)`;
  try {
    await body(world);
    counts.passed += 1;
    console.log(`ok ${name} ${seconds()}`);
    return;
  } catch (failure) {
    console.log(`first try of ${name} failed`);
    tell(failure);
    await keepEvidence(`first try ${name}`, world);
    await freshen(world);
  }
  try {
    await body(world);
    counts.passed += 1;
    console.log(`ok ${name} ${seconds()}: passed at the second try`);
  } catch (failure) {
    report(name, failure);
    await keepEvidence(name, world);
    await freshen(world);
  }
}

/** The same window without what the test left in it; another one when that cannot be done. */
async function freshen(world) {
  try {
    await world.window.freshen();
  } catch {
    await world.window.close();
    world.window = await openWorkbench(world.browser, world.server);
  }
}

function report(name, failure) {
  counts.failed += 1;
  console.log(`not ok ${name}`);
  tell(failure);
}

function tell(failure) {
  const text = (failure.stack ?? String(failure)).replaceAll(/\u001b\[\d+m/g, "");
  console.log(text.replaceAll(/^/gm, "    "));
}

/** A picture, the browser's console and all logs, in build/editor/failed-…/. */
async function keepEvidence(name, world) {
  const folder = join(artefacts, `failed-${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}`);
  await mkdir(folder, { recursive: true });
  await world.window.screenshot("", join(folder, "screen.png")).catch(() => {});
  await writeFile(join(folder, "console.txt"), world.window.console.join("\n"));
  await world.server.keepLogs(folder);
  console.log(`    kept in ${folder}`);
}

/** Once, whoever asks first: the end of the tests or a signal. */
function cleanUp() {
  cleaning ??= (async () => {
    for (const one of [...cleanups]) await one().catch((failure) => console.log(failure.message));
  })();
  return cleaning;
}
