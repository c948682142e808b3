// What is deployed, what would be, and what a reload did.
import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  Bundle,
  Deployed,
  DeployResult,
  ModuleReloadResult,
} from "../../protocol/protocol.ts";
import {
  deployedRow,
  deployedSentence,
  lineInReason,
  moduleFiles,
  moduleName,
  namesIn,
  planPage,
  reloadWords,
  removeQuestion,
  standaloneName,
  standaloneSentence,
  whyNoModules,
} from "../src/renderDeploy.ts";

const hash = "3f2a91c4".padEnd(64, "0");
const now = new Date(2026, 0, 31, 15, 0).getTime();
const time = new Date(2026, 0, 31, 14, 3, 22).getTime();

function deployed(changes: Partial<Deployed> = {}): Deployed {
  return {
    bundle: "modules",
    kind: "pyFiles",
    source: "/home/me/modules",
    hash,
    target: "/user/me/modules-3f2a91c4.zip",
    carrier: "webhdfs",
    bytes: 5_100_000,
    time,
    sessions: ["livyd-me-1"],
    stale: false,
    ...changes,
  };
}

function bundle(changes: Partial<Bundle> = {}): Bundle {
  return {
    name: "modules",
    kind: "pyFiles",
    source: "/home/me/modules",
    files: 300,
    bytes: 5_100_000,
    hash,
    state: "changed",
    target: "/user/me/modules-3f2a91c4.zip",
    ...changes,
  };
}

function result(changes: Partial<DeployResult> = {}): DeployResult {
  const reason = "The profile says where it is.";
  return {
    carrier: "webhdfs",
    reason,
    bundles: [bundle()],
    bytes: 41_000,
    remarks: [],
    ...changes,
  };
}

test("a row says what is there, since when and for whom; a stale one stands out", () => {
  const row = deployedRow(deployed(), now);
  assert.equal(row.label, "modules");
  assert.equal(
    row.description,
    "pyFiles · 3f2a91c4 · 14:03:22 · in 1 session · /user/me/modules-3f2a91c4.zip",
  );
  assert.deepEqual([row.icon, row.context], ["package", "deployed current"]);
  const stale = deployedRow(deployed({ stale: true, sessions: [] }), now + 24 * 3_600_000);
  assert.match(stale.description, /^not what is here · pyFiles · 3f2a91c4 · 2026-01-31 14:03 · \//);
  assert.deepEqual([stale.icon, stale.context], ["warning", "deployed stale"]);
  assert.match(stale.tooltip, /Deploy Now sends it/);
});

test("text of others is no markup in a tooltip", () => {
  const { tooltip } = deployedRow(deployed({ bundle: "[a](command:x)" }), now);
  assert.doesNotMatch(tooltip, /[^\\]\]\(command/);
});

test("the plan names each bundle, its way and what becomes of it", () => {
  const plan = result({
    bundles: [bundle(), bundle({ name: "env", kind: "archives", files: 1, state: "current" })],
    remarks: ["link.py leads out of the folder and is left out."],
  });
  assert.equal(
    planPage("cluster", plan),
    `Deploy Now would send 41.0 kB to cluster: 1 of 2 bundles.
They travel by WebHDFS. The profile says where it is.

modules (pyFiles, 300 files, 5.1 MB, 3f2a91c4) has changed: will be sent
  from /home/me/modules
  to   /user/me/modules-3f2a91c4.zip

env (archives, 1 file, 5.1 MB, 3f2a91c4) is there already
  from /home/me/modules
  to   /user/me/modules-3f2a91c4.zip

· link.py leads out of the folder and is left out.
`,
  );
  assert.match(planPage("cluster", result({ bundles: [] })), /^There is nothing to deploy/);
});

test("a deployment says what it sent, or that there was no need", () => {
  assert.equal(
    deployedSentence("cluster", result()),
    "modules is deployed to cluster: 41.0 kB sent by WebHDFS.",
  );
  assert.match(deployedSentence("cluster", result({ bytes: 0 })), /nothing was sent/);
  assert.match(deployedSentence("cluster", result({ bundles: [] })), /nothing to deploy/);
});

test("before something is removed it is said who uses it", () => {
  const { question, detail } = removeQuestion(deployed(), "cluster");
  assert.equal(question, "Remove modules from cluster?");
  assert.match(detail, /^1 session was given it\. \/user\/me/);
});

test("a reload lists what was loaded, what was kept and why, and what executors have", () => {
  const reload: ModuleReloadResult = {
    files: 2,
    bytes: 900,
    reloaded: ["pkg.a", "pkg.b"],
    kept: [{ module: "pkg.c", reason: "SyntaxError: invalid syntax (c.py, line 3)" }],
    executors: "stale",
    detail: "2 of 3 modules were loaded again.",
  };
  assert.deepEqual(reloadWords(reload), {
    severity: "warning",
    message: "2 of 3 modules were loaded again.",
    lines: [
      "2 files sent (900 bytes)",
      "reloaded: pkg.a, pkg.b",
      "pkg.c stays as it was: SyntaxError: invalid syntax (c.py, line 3)",
      "the executors keep the old modules: 2 of 3 modules were loaded again.",
    ],
  });
  const good = reloadWords({ ...reload, files: 0, reloaded: [], kept: [], executors: "none" });
  assert.deepEqual([good.severity, good.lines], ["info", [reload.detail]]);
  const fresh = reloadWords({ ...reload, kept: [], executors: "fresh" });
  assert.equal(fresh.lines.at(-1), "the executors' next Python workers import the new modules");
});

test("the line of a failure is found in its reason", () => {
  assert.equal(lineInReason("SyntaxError: invalid syntax (c.py, line 3)"), 2);
  assert.equal(lineInReason("ImportError: no module named x"), 0);
});

test("modules and files name each other", () => {
  assert.deepEqual(moduleFiles("pkg.a"), ["**/pkg/a.py", "**/pkg/a/__init__.py"]);
  const packages = new Set(["/home/me/modules/pkg", "/home/me/modules/pkg/sub"]);
  const name = (file: string) => moduleName(file, (folder) => packages.has(folder));
  assert.equal(name("/home/me/modules/pkg/sub/a.py"), "pkg.sub.a");
  assert.equal(name("/home/me/modules/pkg/__init__.py"), "pkg");
  assert.equal(name("/home/me/modules/single.py"), "single");
});

test("modules are typed by their dotted names", () => {
  assert.deepEqual(namesIn(" pkg.a,pkg.b  c "), ["pkg.a", "pkg.b", "c"]);
  assert.equal(whyNoModules("pkg.a pkg_b"), undefined);
  assert.match(whyNoModules("pkg/a.py") ?? "", /pkg\/a\.py is not/);
  assert.match(whyNoModules(" ") ?? "", /Write/);
});

test("a standalone script is named after its own", () => {
  assert.equal(standaloneName("/home/me/etl.py"), "etl_standalone.py");
  assert.equal(standaloneName(undefined), "packages_standalone.py");
  const built = { output: "/tmp/etl_standalone.py", bytes: 1200, files: 3, hash, remarks: [] };
  assert.equal(
    standaloneSentence(built),
    "etl_standalone.py is written: 3 files of packages inside, 1.2 kB.",
  );
});
