// Bundles the extension into dist/extension.cjs and the script of the results panel, which runs in a
// browser, into dist/results.js. `--watch` does it again after each change. The schema of the setting
// `livyd.profiles` is written once more for the command line's file, which has the same content.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const shared = {
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  bundle: true,
  minify: !argv.includes("--watch"),
  sourcemap: argv.includes("--watch"),
  legalComments: "eof",
  logLevel: "warning",
};
const bundles = [
  {
    ...shared,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.cjs",
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["vscode"],
  },
  {
    ...shared,
    entryPoints: ["src/webview/results.ts"],
    outfile: "dist/results.js",
    platform: "browser",
    target: "es2022",
    format: "iife",
  },
];

for (const bundle of bundles) {
  if (argv.includes("--watch")) await (await context(bundle)).watch();
  else await build(bundle);
}

const manifest = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
const {
  scope: _scope,
  order: _order,
  ...profiles
} = manifest.contributes.configuration.properties["livyd.profiles"];
mkdirSync(new URL("dist/", import.meta.url), { recursive: true });
writeFileSync(
  new URL("dist/profiles.schema.json", import.meta.url),
  `${JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", ...profiles })}\n`,
);
