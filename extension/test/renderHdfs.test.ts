// The cluster's files: rows, paths, names, and what the editor is told of failures.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HdfsEntry } from "../../protocol/protocol.ts";
import {
  baseName,
  deleteQuestion,
  fileErrorName,
  hdfsRow,
  inListOrder,
  parentOf,
  pathIn,
  permissionWords,
  profileNamed,
  remarkRow,
  tooLargeSentence,
  whyNoName,
} from "../src/renderHdfs.ts";
import { hasWebhdfs, likelyWebhdfs } from "../src/renderProfile.ts";
import { transferPercent, transferWords } from "../src/renderTransfer.ts";

function entry(name: string, changes: Partial<HdfsEntry> = {}): HdfsEntry {
  const who = { owner: "alice", group: "users", permission: "755" };
  return { name, folder: false, bytes: 0, modified: 0, ...who, ...changes };
}

test("a file shows its size, a folder its name, both who may do what", () => {
  const file = hdfsRow("/user/alice/etl.py", entry("etl.py", { bytes: 12_300 }));
  assert.deepEqual([file.label, file.description, file.icon], ["etl.py", "12.3 kB", "file"]);
  assert.equal(file.context, "hdfs file");
  assert.equal(file.tooltip, "/user/alice/etl.py\nalice:users -rwxr-xr-x\n12,300 bytes");
  const folder = hdfsRow("/user", entry("user", { folder: true, permission: "1777" }));
  assert.deepEqual([folder.description, folder.icon], ["", "folder"]);
  assert.equal(folder.context, "hdfs folder");
  assert.match(folder.tooltip, /drwxrwxrwt$/);
  assert.equal(hdfsRow("/user/alice", entry("")).label, "alice");
  assert.equal(remarkRow("More.").context, "remark");
});

test("permissions read as ls writes them, and what is none stays", () => {
  assert.equal(permissionWords("640", false), "-rw-r-----");
  assert.equal(permissionWords("0", true), "d---------");
  assert.equal(permissionWords("1770", true), "drwxrwx--T");
  assert.equal(permissionWords("rwx", false), "rwx");
});

test("folders stand first, numbers count", () => {
  const names = ["part-10", "b", "part-2", "Äpfel"].map((name) => entry(name));
  const all = [...names, entry("z", { folder: true })];
  assert.deepEqual(
    inListOrder(all).map(({ name }) => name),
    ["z", "Äpfel", "b", "part-2", "part-10"],
  );
});

test("paths are joined and taken apart, at the root, too", () => {
  assert.equal(pathIn("/", "user"), "/user");
  assert.equal(pathIn("/user/alice", "a b%+#?.py"), "/user/alice/a b%+#?.py");
  assert.equal(pathIn("/user/alice/", "sub/deep/"), "/user/alice/sub/deep");
  assert.equal(pathIn("/user/alice", "/tmp/x"), "/tmp/x");
  assert.deepEqual([parentOf("/user"), parentOf("/user/alice")], ["/", "/user"]);
  assert.deepEqual([baseName("/user/alice"), baseName("/")], ["alice", "/"]);
});

test("a new name is one that HDFS takes", () => {
  for (const good of ["a", "a/b", "/tmp/a", "Übung 1 %.py", "😀"]) {
    assert.equal(whyNoName(good), undefined, good);
  }
  for (const bad of ["", "  ", "..", "a/../b", "a//b", "a:b"]) {
    assert.equal(typeof whyNoName(bad), "string", bad);
  }
});

test("the editor writes profiles in small letters, and the right one is meant all the same", () => {
  assert.equal(profileNamed("PROD", ["PROD", "prod"]), "PROD");
  assert.equal(profileNamed("prod", ["PROD", "test"]), "PROD");
  assert.equal(profileNamed("pRod", ["PROD", "prod"]), undefined);
  assert.equal(profileNamed("gone", ["PROD"]), undefined);
});

test("the editor is told what kind of failure it is", () => {
  assert.equal(fileErrorName("notFound"), "FileNotFound");
  assert.equal(fileErrorName("forbidden"), "NoPermissions");
  assert.equal(fileErrorName("unauthorized"), "NoPermissions");
  for (const kind of ["connectionRefused", "rejected", "daemonDown", "unsupported"] as const) {
    assert.equal(fileErrorName(kind), "Unavailable");
  }
});

test("what is too large says how large, and what to do", () => {
  assert.equal(
    tooLargeSentence("/data/log.csv", 1_200_000_000),
    "log.csv has 1.2 GB, which is too much for an editor. Download it instead.",
  );
});

test("a deletion is asked for by its path", () => {
  const { question, detail } = deleteQuestion("cluster", "/user/alice/out", true);
  assert.equal(question, "Delete /user/alice/out on cluster?");
  assert.match(detail, /all that is in it.*cannot be undone/);
  assert.doesNotMatch(deleteQuestion("cluster", "/a", false).detail, /all that is in it/);
});

test("a profile that says where WebHDFS is is known before the daemon is asked", () => {
  const written = {
    base: { webhdfs: "http://nn:9870/webhdfs/v1" },
    heir: { extends: "base" },
    both: { webhdfs: ["http://a", "http://b"] },
    none: { webhdfs: [] },
  };
  const names = ["base", "heir", "both", "none", "local"];
  assert.deepEqual(
    names.map((name) => hasWebhdfs(name, written)),
    [true, true, true, false, false],
  );
});

test("the address of WebHDFS is guessed from the server's", () => {
  const gateway = "https://gw.example.com:8443/gateway/default/livy/v1";
  assert.equal(likelyWebhdfs(gateway), "https://gw.example.com:8443/gateway/default/webhdfs/v1");
  assert.equal(likelyWebhdfs("http://livy:8998"), "http://livy:9870/webhdfs/v1");
  assert.equal(likelyWebhdfs(undefined), "");
});

test("a transfer says how much of what has gone", () => {
  const event = { transfer: "x", bytes: 12_300_000, total: 200_000_000, text: "Sending modules" };
  assert.equal(transferWords(event), "Sending modules: 12.3 MB of 200.0 MB");
  assert.equal(transferWords({ transfer: "x", bytes: 5 }), "5 bytes");
  assert.equal(transferPercent({ ...event, bytes: 50_000_000 }), 25);
  assert.equal(transferPercent({ ...event, bytes: 300_000_000 }), 100);
  assert.equal(transferPercent({ transfer: "x", bytes: 0, total: 0 }), undefined);
});
