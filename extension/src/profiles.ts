// Which profile runs use: the question of the first minute, and Select Profile.

import * as vscode from "vscode";
import type { ProfileSummary } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { failedFrom } from "./daemon.ts";
import { nameFor, whyNoAddress } from "./renderProfile.ts";
import { localProfile } from "./settings.ts";

const untrusted = "This workspace is not trusted, so its Livy profiles are not used.";

interface Choice extends vscode.QuickPickItem {
  /** Resolves to the chosen profile's name; undefined when the user changed their mind. */
  choose(): Promise<string | undefined>;
}

export function activate(context: Context): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand("livyd.selectProfile", () => select(context)),
    // For the other features: the profile, asked for once when there is none yet.
    vscode.commands.registerCommand("livyd.chosenProfile", () => chosen(context)),
  );
}

/** The chosen profile; the first time, the one question that livyd asks. */
async function chosen(context: Context): Promise<string | undefined> {
  const { profile } = context.settings;
  if (profile !== undefined) return profile;
  return ask(context, "Where should it run?", others(context.settings.profiles));
}

async function select(context: Context): Promise<void> {
  let known: ProfileSummary[] = [];
  try {
    known = await context.daemon.profiles();
  } catch (error) {
    context.notices.failed(error);
  }
  const names = new Map(known.map((profile) => [profile.name, profile]));
  const written = others(context.settings.profiles);
  for (const profile of written) {
    if (!names.has(profile.name)) names.set(profile.name, profile);
  }
  await ask(context, "Select Profile", [...names.values()]);
}

/** Profiles as the settings have them, for the question that must not wait for the daemon. */
function others(written: Record<string, unknown>): ProfileSummary[] {
  return Object.entries(written).map(([name, value]) => {
    const url =
      typeof value === "object" && value && "url" in value ? String(value.url) : undefined;
    const local = url === undefined || url === localProfile;
    return {
      name,
      local,
      confirm: false,
      unverified: false,
      ...(url === undefined ? {} : { url }),
    };
  });
}

async function ask(
  context: Context,
  title: string,
  profiles: ProfileSummary[],
): Promise<string | undefined> {
  if (!vscode.workspace.isTrusted) {
    context.notices.say("warning", untrusted, [
      { verb: "Manage Trust", command: "workbench.trust.manage" },
    ]);
  }
  const choices = vscode.workspace.isTrusted
    ? trustedChoices(context, profiles)
    : [localChoice(context, undefined)];
  const choice = await vscode.window.showQuickPick(choices, { title });
  return choice?.choose();
}

function trustedChoices(context: Context, profiles: ProfileSummary[]): Choice[] {
  return [
    localChoice(
      context,
      profiles.find((profile) => profile.name === localProfile),
    ),
    ...profiles
      .filter((profile) => profile.name !== localProfile)
      .map((profile) => choice(context, profile)),
    { label: "$(add) On a Livy server…", choose: () => addServer(context) },
    { label: "$(gear) Edit profiles in the settings", choose: editSettings },
  ];
}

function localChoice(context: Context, local: ProfileSummary | undefined): Choice {
  return {
    label: "$(device-desktop) On this machine (no cluster needed)",
    ...detailOf(local?.problem),
    choose: () => use(context, localProfile),
  };
}

function choice(context: Context, profile: ProfileSummary): Choice {
  const { name, url, problem } = profile;
  return {
    label: `$(server) ${name}`,
    description: url ?? "on this machine",
    ...detailOf(problem),
    choose: () => use(context, name),
  };
}

function detailOf(problem: string | undefined): { detail?: string } {
  return problem === undefined ? {} : { detail: `$(warning) ${problem}` };
}

async function use(context: Context, name: string): Promise<string> {
  await context.settings.chooseProfile(name);
  return name;
}

async function editSettings(): Promise<undefined> {
  await vscode.commands.executeCommand("workbench.action.openSettings", "livyd.profiles");
}

/** Asks for the address, looks whether a Livy answers there, and writes the profile. */
async function addServer(context: Context): Promise<string | undefined> {
  let url: string | undefined;
  while (true) {
    url = await askAddress(url);
    if (url === undefined) return undefined;
    const name = nameFor(url, Object.keys(context.settings.profiles));
    await context.settings.addProfile(name, { url });
    const next = await look(context, name);
    if (next === "use") return use(context, name);
    await context.settings.removeProfile(name);
    if (next === "cancel") return undefined;
  }
}

async function askAddress(value = ""): Promise<string | undefined> {
  const address = await vscode.window.showInputBox({
    title: "On a Livy server",
    prompt: "The address of the Livy server, as your administrators gave it.",
    placeHolder: "https://gw.example.com:8443/gateway/default/livy/v1",
    value,
    ignoreFocusOut: true,
    validateInput: whyNoAddress,
  });
  return address?.trim();
}

/** Whether a Livy answers as this profile; if not, the user decides. */
async function look(context: Context, name: string): Promise<"use" | "again" | "cancel"> {
  const location = vscode.ProgressLocation.Notification;
  try {
    await vscode.window.withProgress(
      { location, title: `Livy: looking at ${name}`, cancellable: true },
      (_progress, token) => context.daemon.listSessions(name, token),
    );
    return "use";
  } catch (error) {
    const { kind, message } = failedFrom(error);
    if (kind === "cancelled") return "cancel";
    const change = "Change Address";
    const keep = "Keep It Anyway";
    const answer = await vscode.window.showWarningMessage(message, change, keep);
    if (answer === keep) return "use";
    return answer === change ? "again" : "cancel";
  }
}
