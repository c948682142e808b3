// The status bar item in each state, and what a click offers.
import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  ProfileSummary,
  RunInfo,
  SessionInfo,
  SessionState,
} from "../../protocol/protocol.ts";
import { actionsFor, activeRun, type Situation, statusItem } from "../src/renderStatus.ts";

const cluster: ProfileSummary = {
  name: "cluster",
  url: "https://gw.example.com",
  local: false,
  confirm: false,
  unverified: false,
  secrets: [],
};

function session(state: SessionState, changes: Partial<SessionInfo> = {}): SessionInfo {
  return { profile: "cluster", state, since: 1000, ...changes };
}

function run(changes: Partial<RunInfo> = {}): RunInfo {
  return {
    run: "1",
    profile: "cluster",
    language: "python",
    state: "running",
    accepted: 1,
    outputBytes: 0,
    ...changes,
  };
}

function situation(changes: Partial<Situation> = {}): Situation {
  const bare = { profile: cluster, session: undefined, credentials: undefined };
  return { ...bare, runs: [], held: 0, now: 13_400, ...changes };
}

const text = (changes: Partial<Situation>): string => statusItem(situation(changes)).text;

test("each state has its icon and words", () => {
  assert.equal(text({}), "$(plug) cluster");
  assert.equal(text({ session: session("none") }), "$(plug) cluster");
  assert.equal(text({ session: session("removed") }), "$(plug) cluster");
  assert.equal(text({ session: session("starting") }), "$(sync~spin) cluster: starting 12 s");
  assert.equal(text({ session: session("idle") }), "$(check) cluster");
  assert.equal(text({ session: session("busy") }), "$(loading~spin) cluster: busy");
  assert.equal(text({ session: session("unreachable") }), "$(warning) cluster: unreachable");
  assert.equal(text({ session: session("lost") }), "$(warning) cluster: lost");
  assert.equal(text({ session: session("dead") }), "$(error) cluster: dead");
});

test("a run shows its progress, and that the server is away is said first", () => {
  const busy = session("busy");
  assert.equal(
    text({ session: busy, runs: [run({ progress: 0.379 })] }),
    "$(loading~spin) cluster: 37 %",
  );
  assert.equal(text({ session: busy, runs: [run()] }), "$(loading~spin) cluster: running");
  assert.equal(
    text({ session: busy, runs: [run({ state: "stopping" })] }),
    "$(loading~spin) cluster: stopping",
  );
  assert.equal(
    text({ session: session("unreachable"), runs: [run()] }),
    "$(warning) cluster: unreachable",
  );
});

test("a profile that asks first has a shield and a warning's background", () => {
  const profile = { ...cluster, name: "PROD", confirm: true };
  const item = statusItem(situation({ profile, session: session("idle") }));
  assert.equal(item.text, "$(shield) PROD");
  assert.equal(item.background, "warning");
  assert.equal(statusItem(situation()).background, undefined);
});

test("only elapsed time is drawn again every second", () => {
  assert.equal(statusItem(situation({ session: session("starting") })).ticking, true);
  assert.equal(statusItem(situation({ session: session("idle") })).ticking, false);
});

test("a profile that cannot be used says why", () => {
  const problem = 'In profile "cluster": unknown field "drivrMemory". Did you mean driverMemory?';
  const item = statusItem(situation({ profile: { ...cluster, problem } }));
  assert.equal(item.text, "$(warning) cluster: cannot be used");
  assert.match(item.tooltip, /drivrMemory/);
});

test("the tooltip names the session, the application and the server", () => {
  const info = session("idle", {
    name: "livyd_me",
    applicationId: "application_1",
    sparkUiUrl: "http://ui:4040/",
    serverVersion: "0.9.0",
  });
  const { tooltip } = statusItem(
    situation({ session: info, profile: { ...cluster, unverified: true } }),
  );
  assert.match(tooltip, /Session: livyd\\_me/);
  assert.match(tooltip, /Application: application\\_1/);
  assert.match(tooltip, /\[Spark UI\]\(http:\/\/ui:4040\/\)/);
  assert.match(tooltip, /Livy: 0\.9\.0/);
  assert.match(tooltip, /not verified/);
});

test("what a server says cannot become a command or markup", () => {
  const info = session("dead", {
    detail: "[click](command:evil) $(bug)",
    sparkUiUrl: "command:workbench.action.quit",
  });
  const { tooltip } = statusItem(situation({ session: info }));
  assert.doesNotMatch(tooltip, /\]\(command:/);
  assert.doesNotMatch(tooltip, /[^\\]\$\(bug/);
  assert.doesNotMatch(tooltip, /Spark UI/);
});

test("a click offers first what is most likely wanted", () => {
  const first = (changes: Partial<Situation>) => actionsFor(situation(changes))[0]?.command;
  assert.equal(first({}), "livyd.runSelection");
  assert.equal(first({ session: session("busy"), runs: [run()] }), "livyd.stopRun");
  assert.equal(first({ session: session("starting") }), "livyd.showSessionLog");
  assert.equal(first({ session: session("dead") }), "livyd.showSessionLog");
  assert.equal(first({ held: 2 }), "livyd.releaseHeldRuns");
  const soon = session("idle", { idleAt: 13_400 + 60_000 });
  assert.equal(first({ session: soon }), "livyd.keepSession");
  assert.equal(first({ profile: { ...cluster, problem: "x" } }), "livyd.selectProfile");
});

test("Stop means the run that is on the server, else the oldest", () => {
  const queued = run({ run: "q", state: "queued" });
  assert.equal(activeRun([queued, run({ run: "r" })])?.run, "r");
  assert.equal(activeRun([queued])?.run, "q");
  assert.equal(activeRun([run({ state: "finished" })]), undefined);
});

test("the end of an idle session is said when it is near, with a way to keep it", () => {
  const ending = (minutes: number) =>
    statusItem(situation({ session: session("idle", { idleAt: 13_400 + minutes * 60_000 }) }));
  assert.equal(ending(55).text, "$(check) cluster");
  assert.equal(ending(8.5).text, "$(clock) cluster: ends in 9 min");
  assert.equal(ending(-1).text, "$(clock) cluster: ends in 0 min");
  assert.match(ending(85).tooltip, /ends it in 1 h 25 min .*\(command:livyd\.keepSession\)/);
  assert.equal(ending(55).ticking, true);
});

test("runs that were not sent are shown when nothing else goes on", () => {
  assert.equal(
    text({ held: 1, session: session("idle") }),
    "$(debug-pause) cluster: 1 run not sent",
  );
  assert.match(text({ held: 1, session: session("busy"), runs: [run()] }), /running/);
  const { tooltip } = statusItem(situation({ held: 2 }));
  assert.match(tooltip, /2 runs were not sent\. \[Run\]\(command:livyd\.releaseHeldRuns\)/);
});

test("the tooltip says what the agent does", () => {
  const hint = (changes: Partial<SessionInfo>) =>
    statusItem(situation({ session: session("idle", changes) })).tooltip;
  assert.match(hint({ agent: "installed" }), /Agent: installed/);
  assert.match(hint({ agent: "ask" }), /\[Use the Agent\]\(command:livyd\.useAgent\)/);
  assert.match(hint({ agent: "unavailable", agentDetail: "no [x](command:y)" }), /no \\\[x\\\]/);
  assert.doesNotMatch(hint({}), /Agent/);
});

test("production and TLS that is not verified stay marked in every state", () => {
  const prod = { ...cluster, name: "PROD", confirm: true };
  const running = { session: session("busy"), runs: [run({ progress: 0.37 })] };
  assert.equal(text({ profile: prod }), "$(shield) PROD");
  assert.equal(text({ profile: prod, ...running }), "$(shield) $(loading~spin) PROD: 37 %");
  const loose = { ...cluster, unverified: true };
  assert.equal(
    text({ profile: loose, ...running }),
    "$(loading~spin) cluster: 37 % · TLS not verified",
  );
  const item = statusItem(situation({ profile: loose }));
  assert.equal(item.background, "warning");
  assert.match(item.tooltip, /certificate is not verified/);
  assert.match(statusItem(situation({ profile: prod })).tooltip, /Asks before/);
});

test("a ticket that is not there is said before everything that waits for it", () => {
  const credentials = { profile: "cluster", principal: "alice@E", state: "expired" } as const;
  const waiting = { session: session("unreachable"), runs: [run()], credentials };
  assert.equal(text(waiting), "$(warning) cluster: ticket expired");
  assert.equal(
    text({ credentials: { profile: "cluster", state: "missing" } }),
    "$(warning) cluster: no ticket",
  );
  assert.equal(actionsFor(situation(waiting))[0]?.command, "livyd.openKinitTerminal");
});

test("a ticket that ends soon counts down beside a run, and instead of what is idle", () => {
  const credentials = { profile: "cluster", state: "expiring", expires: 13_400 + 90_000 } as const;
  const idle = situation({ credentials, session: session("idle") });
  assert.equal(statusItem(idle).text, "$(clock) cluster: ticket ends in 2 min");
  assert.equal(statusItem(idle).ticking, true);
  const busy = { credentials, session: session("busy"), runs: [run({ progress: 0.5 })] };
  assert.equal(text(busy), "$(loading~spin) cluster: 50 %");
  assert.match(statusItem(situation(busy)).tooltip, /The ticket ends at/);
  assert.equal(actionsFor(idle)[0]?.command, "livyd.openKinitTerminal");
});

test("the way to a server can be looked at, and its secret set", () => {
  const commands = (profile: ProfileSummary) =>
    actionsFor(situation({ profile })).map(({ command }) => command);
  assert.ok(commands(cluster).includes("livyd.diagnose"));
  assert.ok(!commands(cluster).includes("livyd.setSecret"));
  assert.ok(commands({ ...cluster, secrets: ["password"] }).includes("livyd.setSecret"));
  assert.ok(!commands({ ...cluster, local: true }).includes("livyd.diagnose"));
  const away = actionsFor(situation({ session: session("unreachable") }));
  const times = away.filter(({ command }) => command === "livyd.diagnose").length;
  assert.deepEqual([away[0]?.command, times], ["livyd.diagnose", 1]);
});
