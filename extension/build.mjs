// Bundles the extension into dist/extension.cjs and the script of the results panel, which runs in a
// browser, into dist/results.js. `--watch` does it again after each change.
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
