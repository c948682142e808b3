// The rows of the Sessions view, a session's details, statements, and the session's log.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedSession, ListedStatement, SessionInfo } from "../../protocol/protocol.ts";
import { logPage, SessionLog } from "../src/renderSessionLog.ts";
import {
  detailsPage,
  detailsTooltip,
  type SessionRow,
  sessionRows,
} from "../src/renderSessions.ts";
import { canCancel, statementRow } from "../src/renderStatements.ts";

const now = 1_000_000_000;

function listed(id: string, changes: Partial<ListedSession> = {}): ListedSession {
  return { id, name: `livyd-me-${id}`, state: "idle", mine: true, active: false, ...changes };
}

function known(changes: Partial<SessionInfo> = {}): SessionInfo {
  return { profile: "p", state: "idle", since: now, id: "1", name: "livyd-me-1", ...changes };
}

const shown = (rows: SessionRow[]) =>
  rows.map(({ group, label, description }) => `${group}: ${label} · ${description}`);

test("this window's session is drawn from the newest word, the others from the list", () => {
  const list = [
    listed("1", { driverMemory: "10g", state: "busy" }),
    listed("2"),
    listed("3", { mine: false, owner: "alice", name: "etl" }),
  ];
  const since = now - 12 * 60_000;
  assert.deepEqual(shown(sessionRows("p", list, known({ since }), now)), [
    "window: livyd-me-1 · idle · 12 min · 10g",
    "mine: livyd-me-2 · idle",
    "others: etl · idle · alice",
  ]);
});

test("a session that the server does not list (yet) is there all the same", () => {
  const rows = sessionRows("p", [], known({ state: "unreachable" }), now);
  assert.deepEqual(shown(rows), ["window: livyd-me-1 · unreachable"]);
  assert.equal(rows[0]?.icon, "warning");
});

test("the same id under another name is another session", () => {
  const rows = sessionRows("p", [listed("1", { name: "stranger", mine: false })], known(), now);
  assert.deepEqual(shown(rows), ["window: livyd-me-1 · idle", "others: stranger · idle"]);
});

test("after a session was lost or removed the list alone counts", () => {
  for (const state of ["none", "lost", "removed"] as const) {
    const rows = sessionRows("p", [listed("1")], known({ state }), now);
    assert.deepEqual(shown(rows), ["mine: livyd-me-1 · idle"]);
  }
});

test("only sessions that can be used can be attached to", () => {
  const states = ["idle", "busy", "starting", "dead", "error", "killed", "shutting_down"];
  const rows = states.map((state) => sessionRows("p", [listed("9", { state })], undefined, now)[0]);
  assert.deepEqual(
    rows.map((one) => one?.context.includes("attachable")),
    [true, true, true, false, false, false, false],
  );
  assert.equal(rows[6]?.description, "shutting down");
});

const details = {
  session: listed("1"),
  facts: [
    { name: "Owner", value: "al|ice" },
    { name: "Spark UI", value: "open", url: "http://ui:4040/" },
    { name: "Evil", value: "x", url: "command:evil" },
  ],
};

test("details are a table in the tooltip and text on the page", () => {
  const [row] = sessionRows("p", [listed("1")], undefined, now);
  assert.ok(row);
  const tooltip = detailsTooltip(row, details);
  assert.match(tooltip, /\| Owner \| al\\\|ice \|/);
  assert.match(tooltip, /\[open\]\(http:\/\/ui:4040\/\)/);
  assert.doesNotMatch(tooltip, /command:/);
  assert.equal(
    detailsPage(details),
    "livyd-me-1\n\nOwner     al|ice\nSpark UI  open  http://ui:4040/\nEvil      x\n",
  );
});

test("a statement shows its first line of code, whoever sent it", () => {
  const statement: ListedStatement = {
    statement: 12,
    state: "running",
    code: "# livyd run=1 file=x line=1\n\nspark.range(3).show()\n",
    progress: 0.37,
    started: 0,
    completed: 0,
    run: "1",
  };
  const { label, description } = statementRow(statement);
  assert.equal(label, "$(loading~spin) 12  spark.range(3).show()");
  assert.equal(description, "running 37 % · of this window");
  assert.equal(canCancel(statement), true);
  assert.equal(canCancel({ ...statement, state: "available" }), false);
});

test("the log names sections where they begin, and gaps where they are", () => {
  const log = new SessionLog();
  const event = { profile: "p", session: "4", section: "stderr" as const };
  const text = [
    log.take({ ...event, lines: ["one", "two"] }),
    log.take({ ...event, lines: ["three"] }),
    log.take({ ...event, section: "yarn", lines: ["queued"] }),
    log.take({ ...event, lines: ["four"], gap: 120 }),
    log.take({ ...event, lines: ["five"], gap: 0 }),
    log.take({ ...event, lines: [], notice: "the driver's log is at http://x/" }),
    log.take({ ...event, lines: [], ended: true }),
  ].join("");
  assert.equal(
    text,
    [
      "── session 4 ──",
      "[stderr]",
      "one",
      "two",
      "three",
      "[YARN]",
      "queued",
      "[stderr]",
      "· about 120 lines may be missing here",
      "four",
      "· some lines may be missing here",
      "five",
      "· the driver's log is at http://x/",
      "· the log ends here: the session is gone",
      "",
    ].join("\n"),
  );
});

test("a page of the log says which lines it has", () => {
  const page = { session: "4", from: 200, total: 1234, lines: ["a", "b"] };
  assert.equal(logPage(page), "── session 4 ─ lines 201 to 202 of 1,234 ──\na\nb\n");
});
