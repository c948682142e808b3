// The cluster's files as rows, paths and sentences, and failures as the editor names them: pure.

import type { FailureKind, HdfsEntry } from "../../protocol/protocol.ts";
import { size } from "./render.ts";

/** The scheme under which the editor knows them: `webhdfs://<profile>/<absolute path>`. */
export const hdfsScheme = "webhdfs";
/** What is larger does not belong into an editor. */
export const largestOpened = 64 * 1024 * 1024;

/** A file or folder, or a remark below the others. */
export interface HdfsRow {
  label: string;
  description: string;
  icon: "folder" | "file" | "info";
  /** Words for the `when` clauses of the menus. */
  context: string;
  /** Plain text. */
  tooltip: string;
}

export function hdfsRow(path: string, entry: HdfsEntry): HdfsRow {
  const { name, folder, bytes } = entry;
  return {
    label: name === "" ? baseName(path) : name,
    description: folder ? "" : size(bytes),
    icon: folder ? "folder" : "file",
    context: `hdfs ${folder ? "folder" : "file"}`,
    tooltip: tooltip(path, entry),
  };
}

/** That there is more than is listed. */
export function remarkRow(text: string): HdfsRow {
  return { label: text, description: "", icon: "info", context: "remark", tooltip: text };
}

/** "/user/alice/etl.py", then who may do what with it, and since when it is as it is. */
function tooltip(path: string, { owner, group, permission, folder, bytes, modified }: HdfsEntry) {
  const lines = [path, `${owner}:${group} ${permissionWords(permission, folder)}`];
  if (!folder) lines.push(`${bytes.toLocaleString("en")} bytes`);
  if (modified > 0) lines.push(`changed ${new Date(modified).toLocaleString("en-GB")}`);
  return lines.join("\n");
}

/** "-rwxr-xr-x" for "755", as `ls` has it; what is no such number stays as it is. */
export function permissionWords(octal: string, folder: boolean): string {
  if (!/^[0-7]{1,4}$/.test(octal)) return octal;
  const bits = Number.parseInt(octal, 8);
  const letters = [..."rwxrwxrwx"].map((letter, at) => ((bits >> (8 - at)) & 1 ? letter : "-"));
  if (bits & 0o1000) letters[8] = bits & 1 ? "t" : "T";
  return `${folder ? "d" : "-"}${letters.join("")}`;
}

/** Folders first, each part by name, as people count: "part-2" before "part-10". */
export function inListOrder(entries: HdfsEntry[]): HdfsEntry[] {
  const order = new Intl.Collator("en", { numeric: true });
  return [...entries].sort(
    (one, other) =>
      Number(other.folder) - Number(one.folder) || order.compare(one.name, other.name),
  );
}

/** The path of a name in a folder; a name that is a path of its own is one. */
export function pathIn(folder: string, name: string): string {
  if (name.startsWith("/")) return withoutSlash(name);
  return withoutSlash(`${folder.replace(/\/+$/, "")}/${name}`);
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || "/";
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "") || "/";
}

/** Why this cannot be the name of a new file or folder; undefined when it may be one. */
export function whyNoName(text: string): string | undefined {
  if (text.trim() === "") return "Write a name.";
  const parts = text.replace(/^\/|\/$/g, "").split("/");
  if (parts.some((part) => part === "." || part === "..")) return '"." and ".." are no names.';
  if (parts.some((part) => part === "")) return "There is a / too many.";
  return text.includes(":") ? "HDFS allows no colon in names." : undefined;
}

/**
 * The profile that an address names. The editor writes the first part of an address in small letters
 * when it keeps one as text, so the one profile that differs in nothing else is meant.
 */
export function profileNamed(authority: string, names: readonly string[]): string | undefined {
  if (names.includes(authority)) return authority;
  const alike = names.filter((name) => name.toLowerCase() === authority.toLowerCase());
  return alike.length === 1 ? alike[0] : undefined;
}

/** What the editor calls a failure. */
export type FileErrorName = "FileNotFound" | "NoPermissions" | "Unavailable";

export function fileErrorName(kind: FailureKind | "daemonDown" | "daemonSetting"): FileErrorName {
  if (kind === "notFound") return "FileNotFound";
  if (kind === "forbidden" || kind === "unauthorized") return "NoPermissions";
  return "Unavailable";
}

/** Why a file is not opened, with what can be done instead. */
export function tooLargeSentence(path: string, bytes: number): string {
  return `${baseName(path)} has ${size(bytes)}, which is too much for an editor. Download it instead.`;
}

/** The question before something is deleted, and what is at stake. */
export function deleteQuestion(profile: string, path: string, folder: boolean) {
  return {
    question: `Delete ${path} on ${profile}?`,
    detail: `${folder ? "The folder goes with all that is in it. " : ""}This cannot be undone.`,
  };
}
