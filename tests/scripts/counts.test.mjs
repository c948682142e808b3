// The counts that scripts/test prints come from each runner's own summary.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const counts = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "scripts", "counts.sh");

/** "passed failed skipped" for a log in that format. */
function counted(format, log) {
  const folder = mkdtempSync(join(tmpdir(), "livyd-counts-"));
  try {
    const file = join(folder, "log");
    writeFileSync(file, log);
    const script = '. "$1"; counts "$2" "$3"';
    return execFileSync("bash", ["-c", script, "-", counts, format, file], {
      encoding: "utf8",
    }).trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const summaries = [
  ["ctest", "100% tests passed, 0 tests failed out of 312\n", "312 0 0"],
  ["ctest", "95% tests passed, 2 tests failed out of 40\n", "38 2 0"],
  ["ctest", "1/2 a ***Skipped 0.1 sec\n100% tests passed, 0 tests failed out of 2\n", "1 0 1"],
  ["ctest", "No tests were found!!!\n", "0 0 0"],
  ["pytest", "12 passed in 65.21s (0:01:05)\n", "12 0 0"],
  ["pytest", "== 3 failed, 12 passed, 2 skipped, 1 error in 3.21s ==\n", "12 4 2"],
  ["pytest", "1 passed, 3 deselected, 2 warnings in 0.47s\n", "1 0 0"],
  ["pytest", "no tests ran in 0.01s\n", "0 0 0"],
  ["pytest", "ImportError: conftest\n", "0 0 0"],
  ["node", "# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 0\n# todo 0\n", "2 2 0"],
  ["node", "ℹ pass 2\nℹ fail 0\nℹ skipped 1\n", "2 0 1"],
  ["counts", "one: 1 passed, 0 failed\neditor: 9 passed, 1 failed\n", "9 1 0"],
  ["counts", "Segmentation fault\n", "0 0 0"],
];
for (const [format, log, expected] of summaries) {
  test(`${format}: ${log.trim().split("\n").at(-1)}`, () => {
    assert.equal(counted(format, log), expected);
  });
}
