// Batches as rows, and the questions about them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BatchInfo } from "../../protocol/protocol.ts";
import {
  batchName,
  batchRow,
  batchSentence,
  killQuestions,
  whyNoBatchFile,
  withBatch,
} from "../src/renderBatches.ts";
import { SessionLog } from "../src/renderSessionLog.ts";

function batch(changes: Partial<BatchInfo> = {}): BatchInfo {
  return {
    profile: "cluster",
    batch: "12",
    state: "running",
    finished: false,
    mine: true,
    ...changes,
  };
}

test("a batch has its name, its state and what can be done with it", () => {
  const row = batchRow(batch({ name: "etl", applicationId: "application_1_2" }));
  assert.deepEqual([row.label, row.description], ["etl (12)", "running · application_1_2"]);
  assert.deepEqual([row.icon, row.context], ["loading~spin", "batch alive mine"]);
  assert.equal(batchName(batch()), "batch 12");
});

test("how it ended is seen", () => {
  const icon = (state: string) => batchRow(batch({ state, finished: true })).icon;
  assert.deepEqual(["success", "dead", "error", "killed", "something_new"].map(icon), [
    "pass",
    "error",
    "error",
    "circle-slash",
    "circle-outline",
  ]);
  const dead = batch({ state: "dead", finished: true, detail: "It ended with 1." });
  assert.equal(batchRow(dead).description, "dead · It ended with 1.");
  assert.match(batchRow(dead).context, /\bended\b/);
});

test("what has become of it is said as a sentence", () => {
  assert.equal(batchSentence(batch({ name: "etl" })), "etl (12) is running");
  const dead = batch({ state: "dead", detail: "It ended with 1." });
  assert.equal(batchSentence(dead), "batch 12 has failed: It ended with 1.");
});

test("links are offered only where they are ones", () => {
  const links = { sparkUiUrl: "http://rm:8088/proxy/1", driverLogUrl: "command:evil" };
  const row = batchRow(batch(links));
  assert.equal(row.context, "batch alive mine ui");
  assert.match(row.tooltip, /\[Spark UI\]\(http:\/\/rm:8088\/proxy\/1\)/);
  assert.doesNotMatch(row.tooltip, /command:/);
});

test("others' batches show whose they are, and are asked about twice", () => {
  const theirs = batch({ mine: false, owner: "bob" });
  assert.equal(batchRow(theirs).description, "running · bob");
  assert.equal(killQuestions(batch()).length, 1);
  const [first, second] = killQuestions(theirs);
  assert.equal(first?.question, "Kill batch 12 on cluster?");
  assert.match(first?.detail ?? "", /belongs to bob/);
  assert.equal(second?.verb, "Kill It for bob");
});

test("news of a batch replaces what was listed, a new one stands first", () => {
  const listed = [batch(), batch({ batch: "11", state: "success" })];
  const news = withBatch(listed, batch({ batch: "11", state: "dead" }));
  assert.deepEqual(
    news.map((one) => one.state),
    ["running", "dead"],
  );
  assert.equal(withBatch(listed, batch({ batch: "13" }))[0]?.batch, "13");
});

test("what is submitted is a path of this machine or an address of the cluster", () => {
  for (const good of [
    "/home/me/etl.py",
    "hdfs:///jobs/etl.py",
    "s3a://jobs/etl.py",
    "local:/x.py",
  ]) {
    assert.equal(whyNoBatchFile(good), undefined, good);
  }
  for (const bad of ["", "etl.py", "./etl.py", "hdfs:", "hdfs://"]) {
    assert.equal(typeof whyNoBatchFile(bad), "string", bad);
  }
});

test("a batch's log names the batch, and its end", () => {
  const log = new SessionLog("batch", "the batch has ended");
  const lines = { profile: "cluster", session: "12", section: "stdout", lines: ["a"] } as const;
  assert.equal(
    log.take({ ...lines, lines: ["a"], ended: true }),
    "── batch 12 ──\n[stdout]\na\n· the log ends here: the batch has ended\n",
  );
});
