// Words about secrets, tickets, diagnoses, imports and profiles as they are written.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Credentials } from "../../protocol/protocol.ts";
import {
  clockTime,
  credentialsLines,
  credentialsWords,
  kinitLine,
} from "../src/renderCredentials.ts";
import { diagnosis } from "../src/renderDoctor.ts";
import { asNamed, besideOthers, importQuestion } from "../src/renderImport.ts";
import {
  profileRow,
  signInsFor,
  whyNoUser,
  writtenCache,
  writtenProfile,
  writtenProfiles,
} from "../src/renderProfile.ts";
import { originOf, secretQuestion, secretRow } from "../src/renderSecrets.ts";

const now = new Date(2026, 0, 31, 13, 52).getTime();
const at14 = new Date(2026, 0, 31, 14, 0).getTime();

function ticket(changes: Partial<Credentials>): Credentials {
  return { profile: "cluster", state: "ok", principal: "alice@EXAMPLE.COM", ...changes };
}

test("a ticket is spoken of when it ends soon or is not there", () => {
  const words = (changes: Partial<Credentials>) =>
    credentialsWords(ticket({ expires: at14, ...changes }), now)?.words;
  assert.equal(credentialsWords(undefined, now), undefined);
  assert.equal(words({ state: "ok" }), undefined);
  assert.equal(words({ state: "expiring" }), "ticket ends in 8 min");
  assert.equal(words({ state: "expired" }), "ticket expired");
  assert.equal(words({ state: "missing" }), "no ticket");
});

test("the hint names whose ticket it is, its end, and the next step", () => {
  const today = new Date();
  today.setHours(14, 0, 0, 0);
  const expires = today.getTime();
  const lines = (changes: Partial<Credentials>) =>
    credentialsLines(ticket({ expires, ...changes }));
  assert.deepEqual(lines({}), ["Ticket of alice@EXAMPLE.COM: until 14:00"]);
  const [sentence, link] = lines({ state: "expired" });
  assert.equal(sentence, "The ticket of alice@EXAMPLE.COM expired at 14:00. Run kinit.");
  assert.match(link ?? "", /command:livyd\.openKinitTerminal/);
  const [own] = lines({ state: "missing", detail: "There is no *ticket*." });
  assert.equal(own, "There is no \\*ticket\\*.");
  assert.deepEqual(credentialsLines(undefined), []);
});

test("a time of another day has its date", () => {
  assert.equal(clockTime(at14, now), "14:00");
  assert.equal(clockTime(at14, now + 24 * 3_600_000), "2026-01-31 14:00");
});

test("the line for kinit can neither end nor mean anything else", () => {
  assert.equal(kinitLine(undefined), "kinit");
  assert.equal(kinitLine("alice@EXAMPLE.COM"), "kinit alice@EXAMPLE.COM");
  assert.equal(kinitLine("HTTP/gw-1.example.com@E"), "kinit HTTP/gw-1.example.com@E");
  assert.equal(kinitLine("a;rm -rf ~"), "kinit");
  assert.equal(kinitLine("a;reboot"), "kinit 'a;reboot'");
  assert.equal(kinitLine("a'$(reboot)"), "kinit 'a'\\''$(reboot)'");
  assert.equal(kinitLine("-k"), "kinit -- -k");
  assert.equal(kinitLine("alice\nreboot"), "kinit");
  assert.equal(kinitLine("alice@E", "FILE:/tmp/cache"), "kinit -c FILE:/tmp/cache alice@E");
  assert.equal(kinitLine(undefined, "FILE:/a b"), "kinit");
});

test("a diagnosis names the first broken link, then what to mind", () => {
  const ok = { name: "TCP", state: "ok", found: "connected" } as const;
  const tls = {
    name: "TLS",
    state: "failed",
    found: "the certificate expired.",
    advice: "Ask for a new one.",
  } as const;
  const doubtful = { name: "Livy", state: "warning", found: "version 0.5" } as const;
  const rest = { name: "WebHDFS", state: "notTried", found: "" } as const;
  assert.deepEqual(diagnosis("cluster", { checks: [ok, doubtful, tls, rest], report: "" }), {
    severity: "warning",
    text: "TLS: the certificate expired. Ask for a new one.",
  });
  assert.equal(
    diagnosis("cluster", { checks: [ok, doubtful], report: "" }).text,
    "Livy: version 0.5.",
  );
  assert.deepEqual(diagnosis("cluster", { checks: [ok], report: "" }), {
    severity: "info",
    text: "The way to the server of cluster is in order.",
  });
});

test("imported profiles never take a name silently", () => {
  const found = { cluster: 1, spare: 2, "cluster-2": 3 };
  const taken = ["local", "cluster"];
  assert.deepEqual(besideOthers(found, ["cluster", "spare", "cluster-2"], taken), {
    "cluster-2": 1,
    spare: 2,
    "cluster-2-2": 3,
  });
  assert.deepEqual(asNamed(found, ["spare"]), { spare: 2 });
  const free = importQuestion(["spare"], taken, ["The password is left out."]);
  assert.equal(free.question, "Write 1 profile into your settings: spare?");
  assert.equal(free.detail, "The password is left out.");
  assert.equal(free.clashes, false);
  const clash = importQuestion(["cluster", "spare"], taken, []);
  assert.equal(clash.detail, "You have one of this name already: cluster.");
  assert.equal(clash.clashes, true);
});

test("a profile as it is written says what must not wait for the daemon", () => {
  const written = {
    base: { abstract: true, confirm: true, tls: { verify: false } },
    prod: { extends: "base", url: "https://gw.example.com", tls: { caFile: "/ca.pem" } },
    test: { extends: "prod", confirm: false, tls: { verify: true } },
    here: { url: "local" },
    circle: { extends: "circle" },
    broken: 7,
  };
  assert.deepEqual(writtenProfile("prod", written), {
    name: "prod",
    local: false,
    confirm: true,
    unverified: true,
    secrets: [],
    url: "https://gw.example.com",
  });
  const test = writtenProfile("test", written);
  assert.deepEqual(
    [test.url, test.confirm, test.unverified],
    ["https://gw.example.com", false, false],
  );
  assert.equal(writtenProfile("here", written).local, true);
  assert.equal(writtenProfile("nowhere", written).confirm, false);
  assert.deepEqual(
    writtenProfiles(written).map(({ name }) => name),
    ["prod", "test", "here", "circle", "broken"],
  );
});

test("a ticket cache is taken from the profile where it stands as it is", () => {
  const written = {
    base: { auth: { type: "kerberos", cache: "FILE:/tmp/own" } },
    heir: { extends: "base", auth: { principal: "alice" } },
    variable: { auth: { cache: "FILE:${userHome}/own" } },
  };
  assert.equal(writtenCache("heir", written), "FILE:/tmp/own");
  assert.equal(writtenCache("variable", written), undefined);
  assert.equal(writtenCache("nowhere", written), undefined);
});

test("production and what is not verified are marked where profiles are chosen", () => {
  const plain = { name: "test", local: true, confirm: false, unverified: false, secrets: [] };
  assert.deepEqual(profileRow(plain), { label: "$(server) test", description: "on this machine" });
  const marked = { ...plain, url: "https://gw", confirm: true, unverified: true, problem: "No." };
  assert.deepEqual(profileRow(marked), {
    label: "$(shield) test",
    description: "https://gw · asks first · TLS not verified",
    detail: "$(warning) No.",
  });
});

test("what the server offers to sign in with stands first, the rest below", () => {
  const [first, second] = signInsFor("It takes Negotiate and Bearer.");
  assert.deepEqual([first, second], ["kerberos", "bearer"]);
  assert.equal(signInsFor("").length, 5);
  assert.equal(new Set(signInsFor("Basic Basic")).size, 5);
});

test("a user name is one that Basic can carry", () => {
  assert.equal(whyNoUser("alice"), undefined);
  assert.match(whyNoUser("  ") ?? "", /Write the name/);
  assert.match(whyNoUser("a:b") ?? "", /no colon/);
});

test("a secret is spoken of without its value", () => {
  const name = {
    profile: "cluster",
    secret: "password",
    origin: "https://gw",
    prompt: "",
  } as const;
  assert.deepEqual(secretRow(name), {
    label: "$(key) Password",
    description: "cluster · https://gw",
  });
  const prompt = "Password of alice at gw";
  assert.equal(secretRow({ ...name, prompt }).label, `$(key) ${prompt}`);
  const question = { profile: "cluster", secret: "password", prompt, refused: true } as const;
  assert.match(secretQuestion(question), /^The last password was refused\. /);
  assert.doesNotMatch(secretQuestion({ ...question, refused: false }), /refused/);
});

test("where a profile leads is its scheme, host and port", () => {
  assert.equal(
    originOf({ url: "https://gw.example.com:8443/gateway/livy" }),
    "https://gw.example.com:8443",
  );
  assert.equal(originOf({ url: "https://gw.example.com" }), "https://gw.example.com");
  assert.equal(originOf({}), "");
  assert.equal(originOf({ url: "not an address" }), "");
});
