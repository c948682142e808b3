// Import Profiles: from a sparkmagic configuration or a console script's settings into the user's.

import { basename } from "node:path";
import * as vscode from "vscode";
import { type ProfileImportResult, profileImport } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { count } from "./render.ts";
import { asNamed, besideOthers, importQuestion } from "./renderImport.ts";
import { localProfile } from "./settings.ts";

export function activate(context: Context): vscode.Disposable {
  return vscode.commands.registerCommand("livyd.importProfiles", async (file?: vscode.Uri) => {
    try {
      await importProfiles(context, file);
    } catch (error) {
      context.notices.failed(error);
    }
  });
}

async function importProfiles(context: Context, given: vscode.Uri | undefined): Promise<void> {
  const file = given ?? (await chooseFile());
  if (!file) return;
  const found = await context.daemon.ask(profileImport, { file: file.fsPath });
  const names = Object.keys(found.profiles);
  if (names.length === 0) {
    const remarks = found.remarks.join(" ");
    const text = `There is no profile in ${basename(file.fsPath)}. ${remarks}`;
    return context.notices.say("warning", text.trim());
  }
  const taken = [localProfile, ...Object.keys(context.settings.profiles)];
  const chosen = names.length === 1 ? names : await chooseNames(found, taken);
  if (!chosen || chosen.length === 0) return;
  const written = await confirmed(found, chosen, taken);
  if (!written) return;
  await context.settings.addProfiles(written);
  context.notices.say(
    "info",
    `${count(chosen.length, "profile")} imported: ${Object.keys(written).join(", ")}.`,
    [{ verb: "Select Profile", command: "livyd.selectProfile" }],
  );
}

async function chooseFile(): Promise<vscode.Uri | undefined> {
  const files = await vscode.window.showOpenDialog({
    title: "Import profiles from a sparkmagic configuration or a console script's settings",
    openLabel: "Import",
    filters: { JSON: ["json"], "All files": ["*"] },
  });
  return files?.[0];
}

async function chooseNames(
  { profiles }: ProfileImportResult,
  taken: string[],
): Promise<string[] | undefined> {
  const rows = Object.entries(profiles).map(([name, profile]) => ({
    label: name,
    description: addressIn(profile),
    picked: !taken.includes(name),
    ...(taken.includes(name) ? { detail: "$(warning) You have a profile of this name." } : {}),
  }));
  const title = "Import Profiles";
  const chosen = await vscode.window.showQuickPick(rows, { title, canPickMany: true });
  return chosen?.map(({ label }) => label);
}

function addressIn(profile: unknown): string {
  const written = typeof profile === "object" && profile !== null && "url" in profile;
  return written ? String(profile.url) : "";
}

/** What shall be written; a profile that is there is only replaced when the user says so. */
async function confirmed(
  { profiles, remarks }: ProfileImportResult,
  chosen: string[],
  taken: string[],
): Promise<Record<string, unknown> | undefined> {
  const { question, detail, clashes } = importQuestion(chosen, taken, remarks);
  const [write, keep, replace] = ["Write", "Keep Both", "Replace"];
  const verbs = clashes ? [keep, replace] : [write];
  const options = { modal: true, detail };
  const answer = await vscode.window.showInformationMessage(question, options, ...verbs);
  if (answer === undefined) return undefined;
  return answer === keep ? besideOthers(profiles, chosen, taken) : asNamed(profiles, chosen);
}
