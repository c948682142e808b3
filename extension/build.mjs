// Bundles the extension into dist/extension.cjs. `--watch` does it again after each change.
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const options = {
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.cjs",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode"],
  minify: !argv.includes("--watch"),
  sourcemap: argv.includes("--watch"),
  legalComments: "eof",
  logLevel: "warning",
};

if (argv.includes("--watch")) await (await context(options)).watch();
else await build(options);
