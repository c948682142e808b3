// Profiles as they are written: names and addresses of new ones, and what they say before the daemon
// has read them. Pure.

import type { ProfileSummary } from "../../protocol/protocol.ts";

/** Why this is no address of a Livy server; undefined when it may be one. */
export function whyNoAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (!/^https?:\/\//i.test(trimmed)) return "Begin with http:// or https://.";
  if (!URL.canParse(trimmed)) return "This is not a complete address.";
  const { username, password } = new URL(trimmed);
  if (username !== "" || password !== "") return "Leave user name and password out of the address.";
  return undefined;
}

/** Why this is no name of a user for Basic; undefined when it may be one. */
export function whyNoUser(text: string): string | undefined {
  if (text.trim() === "") return "Write the name that you sign in with.";
  return text.includes(":") ? "A user name has no colon." : undefined;
}

/** A name made of the host: "gw" for gw.example.com, "gw-2" when that is taken. */
export function nameFor(address: string, taken: string[]): string {
  const { hostname } = new URL(address.trim());
  const host = hostname.split(".")[0] ?? "";
  const named = /^[a-z][\w-]*$/i.test(host) && !["local", "localhost"].includes(host);
  const base = named ? host : "cluster";
  return freeName(base, taken);
}

/** A profile as a row to choose it by: production and what is not verified are marked. */
export function profileRow(profile: ProfileSummary): {
  label: string;
  description: string;
  detail?: string;
} {
  const { name, url, confirm, unverified, problem } = profile;
  const marks = [...(confirm ? ["asks first"] : []), ...(unverified ? ["TLS not verified"] : [])];
  return {
    label: `$(${confirm ? "shield" : "server"}) ${name}`,
    description: [url ?? "on this machine", ...marks].join(" · "),
    ...(problem === undefined ? {} : { detail: `$(warning) ${problem}` }),
  };
}

/** A profile as the settings have it, for what must not wait for the daemon. */
export function writtenProfile(name: string, written: Record<string, unknown>): ProfileSummary {
  const value = withInherited(name, written);
  const { url, confirm, tls } = value;
  const local = typeof url !== "string" || url === "local";
  return {
    name,
    local,
    confirm: confirm === true,
    unverified: isObject(tls) && tls.verify === false,
    secrets: [],
    ...(local ? {} : { url }),
  };
}

/** All of them, without those that only others extend. */
export function writtenProfiles(written: Record<string, unknown>): ProfileSummary[] {
  return Object.entries(written)
    .filter(([, value]) => !(isObject(value) && value.abstract === true))
    .map(([name]) => writtenProfile(name, written));
}

/** What a profile extends, under what it says itself; the daemon checks the rest. */
function withInherited(
  name: string,
  written: Record<string, unknown>,
  seen: readonly string[] = [],
): Record<string, unknown> {
  const own = written[name];
  if (!isObject(own)) return {};
  const base = own.extends;
  if (typeof base !== "string" || seen.includes(base)) return own;
  const inherited = withInherited(base, written, [...seen, name]);
  const joined = Object.entries(own).map(([field, value]) => {
    const below = inherited[field];
    return [field, isObject(value) && isObject(below) ? { ...below, ...value } : value];
  });
  return { ...inherited, ...Object.fromEntries(joined) };
}

/** The ticket cache that a profile names by itself; undefined when only the daemon knows it. */
export function writtenCache(name: string, written: Record<string, unknown>): string | undefined {
  const { auth } = withInherited(name, written);
  const cache = isObject(auth) ? auth.cache : undefined;
  return typeof cache === "string" && !cache.includes("${") ? cache : undefined;
}

/** Whether a profile, as it is written, says where the cluster's files are. */
export function hasWebhdfs(name: string, written: Record<string, unknown>): boolean {
  const { webhdfs } = withInherited(name, written);
  return Array.isArray(webhdfs) ? webhdfs.length > 0 : typeof webhdfs === "string";
}

/** What the address of WebHDFS is likely to be: a gateway's, or a name node beside the server. */
export function likelyWebhdfs(url: string | undefined): string {
  if (url === undefined || !URL.canParse(url)) return "";
  const { origin, protocol, hostname, pathname } = new URL(url);
  const gateway = /^(.*)\/livy(\/v\d+)?\/?$/.exec(pathname)?.[1] ?? "";
  return gateway === ""
    ? `${protocol}//${hostname}:9870/webhdfs/v1`
    : `${origin}${gateway}/webhdfs/v1`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export type SignIn = "none" | "basic" | "kerberos" | "bearer" | "tokenCommand";

/** The ways to sign in: those that an answer of the server names first. */
export function signInsFor(answer: string): SignIn[] {
  const named: [SignIn, RegExp][] = [
    ["basic", /\bBasic\b/i],
    ["kerberos", /\b(Negotiate|Kerberos)\b/i],
    ["bearer", /\bBearer\b/i],
  ];
  const offered = named.filter(([, pattern]) => pattern.test(answer)).map(([name]) => name);
  const all: SignIn[] = ["basic", "kerberos", "bearer", "tokenCommand", "none"];
  return [...offered, ...all.filter((name) => !offered.includes(name))];
}

/** A name that nobody has: "cluster-2". */
export function freeName(wanted: string, taken: string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let count = 2;
  while (taken.includes(`${wanted}-${count}`)) count++;
  return `${wanted}-${count}`;
}
