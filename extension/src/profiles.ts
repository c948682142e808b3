// Which profile runs use: the question of the first minute, and Select Profile.

import * as vscode from "vscode";
import type { ProfileSummary } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { addServer } from "./newServer.ts";
import { profileRow, writtenProfiles } from "./renderProfile.ts";
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
  return ask(context, "Where should it run?", writtenProfiles(context.settings.profiles));
}

async function select(context: Context): Promise<void> {
  let known: ProfileSummary[] = [];
  try {
    known = await context.daemon.profiles();
  } catch (error) {
    context.notices.failed(error);
  }
  const names = new Map(known.map((profile) => [profile.name, profile]));
  for (const profile of writtenProfiles(context.settings.profiles)) {
    if (!names.has(profile.name)) names.set(profile.name, profile);
  }
  await ask(context, "Select Profile", [...names.values()]);
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
    { label: "$(add) On a Livy server…", choose: () => useNew(context) },
    { label: "$(cloud-download) Import from a file…", choose: importProfiles },
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
  const { description, ...row } = profileRow(profile);
  const active = profile.name === context.settings.profile ? "in use · " : "";
  return {
    ...row,
    description: `${active}${description}`,
    choose: () => use(context, profile.name),
  };
}

function detailOf(problem: string | undefined): { detail?: string } {
  return problem === undefined ? {} : { detail: `$(warning) ${problem}` };
}

async function use(context: Context, name: string): Promise<string> {
  await context.settings.chooseProfile(name);
  return name;
}

async function importProfiles(): Promise<undefined> {
  await vscode.commands.executeCommand("livyd.importProfiles");
}

async function useNew(context: Context): Promise<string | undefined> {
  const name = await addServer(context);
  return name === undefined ? undefined : use(context, name);
}

async function editSettings(): Promise<undefined> {
  await vscode.commands.executeCommand("workbench.action.openSettings", "livyd.profiles");
}
