// Prints the schema of profiles (docs/profiles.schema.json) into the extension's settings, so that
// the editor completes what the daemon reads.
//
//   node scripts/profiles.mjs           prints it when it is stale
//   node scripts/profiles.mjs --check   only says that it is stale, and fails

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, "extension/package.json");

const schema = JSON.parse(readFileSync(join(root, "docs/profiles.schema.json"), "utf8"));
const before = readFileSync(target, "utf8");
const manifest = JSON.parse(before);
const sections = [manifest.contributes.configuration].flat();
const setting = sections.map((one) => one.properties["livyd.profiles"]).find(Boolean);
setting.additionalProperties = schema.additionalProperties;
const after = `${JSON.stringify(manifest, null, 2)}\n`;
const same = JSON.stringify(JSON.parse(before)) === JSON.stringify(manifest);
if (!same && process.argv.includes("--check")) {
  console.error("extension/package.json is stale. Run node scripts/profiles.mjs");
  process.exit(1);
}
if (!same) writeFileSync(target, after);
