// Notifications with verb buttons: what the daemon wants to be known, and what failed.

import * as vscode from "vscode";
import type { Notice, NoticeAction, ProfileSummary } from "../../protocol/protocol.ts";
import type { Button, Context, Notices } from "./context.ts";
import { type Failed, failedFrom } from "./daemon.ts";
import type { Output } from "./output.ts";

const showLog: Button = { verb: "Show Log", command: "livyd.showLog" };
const sessionLog: Button = { verb: "Show Log", command: "livyd.showSessionLog" };
const diagnose: Button = { verb: "Diagnose", command: "livyd.diagnose" };
const startSession: Button = { verb: "Start Session", command: "livyd.startSession" };
const selectProfile: Button = { verb: "Select Profile", command: "livyd.selectProfile" };
const openSettings: Button = openSetting("Open Settings", "livyd.profiles");
const editProfile: Button = openSetting("Edit Profile", "livyd.profiles");

function openSetting(verb: string, setting: string): Button {
  const command = "workbench.action.openSettings";
  return { verb, command, arguments: [setting] };
}

/** The buttons of a notice, aimed at the profile and the run that it is about. */
function noticeButtons({ actions, profile, run }: Notice): Button[] {
  const aimed: Record<NoticeAction, Button[]> = {
    showLog: [showLog],
    startSession: [{ ...startSession, arguments: [profile] }],
    restartSession: [
      { verb: "Restart Session", command: "livyd.restartSession", arguments: [profile] },
    ],
    openSettings: [openSettings],
    runAgain: run === undefined ? [] : [aimedAtRun("Run Again", "livyd.runAgain", run)],
    lookAgain: run === undefined ? [] : [aimedAtRun("Look Again", "livyd.lookAgain", run)],
    keepSession: [{ verb: "Keep Session", command: "livyd.keepSession", arguments: [profile] }],
    useAgent: [
      { verb: "Use the Agent", command: "livyd.useAgent", arguments: [profile, true] },
      { verb: "Leave It Out", command: "livyd.useAgent", arguments: [profile, false] },
    ],
    openTerminal: [
      {
        verb: "Open Terminal with kinit",
        command: "livyd.openKinitTerminal",
        arguments: [profile],
      },
    ],
    diagnose: [{ ...diagnose, arguments: [profile] }],
  };
  return actions.flatMap((action) => aimed[action] ?? []);
}

function aimedAtRun(verb: string, command: string, run: string): Button {
  return { verb, command, arguments: [{ run: { run } }] };
}

export function createNotices(output: Output): Notices {
  const unasked = new Set<string>();
  const say: Notices["say"] = (severity, text, buttons = []) => void show(severity, text, buttons);
  return {
    say,
    failed: (error, shown = false) => {
      const failed = failedFrom(error);
      if (failed.kind === "cancelled") return;
      if (!shown) output.notice(failed.message);
      say("error", failed.message, buttonsFor(failed.kind, failed.message));
    },
    buttonsFor,
    confirmed,
    confirmedRun: (profile, question) => confirmedRun(unasked, profile, question),
  };
}

export function activate(context: Context): vscode.Disposable {
  const { daemon, output, notices } = context;
  return vscode.Disposable.from(
    daemon.onNotice((notice) => {
      output.notice(notice.text);
      if (wantsAttention(notice)) {
        notices.say(notice.severity, notice.text, noticeButtons(notice));
      }
    }),
    daemon.onDown((reason) => notices.failed(reason)),
  );
}

/** What the user can or must act on; everything else stands in the channel. */
function wantsAttention(notice: Notice): boolean {
  return notice.severity === "error" || notice.actions.length > 0;
}

function buttonsFor(kind: Failed["kind"], message: string, profile?: ProfileSummary): Button[] {
  const onProfile = profile === undefined ? {} : { arguments: [profile.name] };
  switch (kind) {
    case "daemonSetting":
      return [openSetting("Open Settings", "livyd.daemon.path"), showLog];
    case "invalidInput":
      return /\bprofile\b/i.test(message) ? [openSettings, selectProfile] : [];
    case "nameNotFound":
    case "connectionRefused":
    case "tls":
    case "notHttp":
    case "notLivy":
    case "forbidden":
      return [{ ...diagnose, ...onProfile }, editProfile];
    case "unauthorized":
      return [...secretButtons(profile), { ...diagnose, ...onProfile }, editProfile];
    case "sessionRemoved":
      return [startSession];
    case "sessionFailed":
    case "sessionLost":
      return [sessionLog, startSession];
    case "unsupported":
      return [];
    default:
      return [showLog];
  }
}

function secretButtons(profile: ProfileSummary | undefined): Button[] {
  const [secret, ...others] = profile?.secrets ?? [];
  if (!profile || secret === undefined) return [];
  const verb = others.length === 0 && secret === "password" ? "Enter Password" : "Set Secret";
  return [{ verb, command: "livyd.setSecret", arguments: [profile.name] }];
}

async function confirmed(
  profile: ProfileSummary,
  question: string,
  verb: string,
): Promise<boolean> {
  return !profile.confirm || (await modal(profile, question, verb)) === verb;
}

/** `unasked`: the profiles whose runs the user does not want to be asked about in this window. */
async function confirmedRun(
  unasked: Set<string>,
  profile: ProfileSummary,
  question: string,
): Promise<boolean> {
  // One of this name that leads elsewhere by now is another one.
  const key = JSON.stringify([profile.name, profile.url]);
  if (!profile.confirm || unasked.has(key)) return true;
  const always = "Run, and Don't Ask Again in This Window";
  const answer = await modal(profile, question, "Run", always);
  if (answer === always) unasked.add(key);
  return answer !== undefined;
}

function modal(
  { name }: ProfileSummary,
  question: string,
  ...verbs: string[]
): Thenable<string | undefined> {
  const detail = `The profile "${name}" asks before anything is done.`;
  return vscode.window.showWarningMessage(question, { modal: true, detail }, ...verbs);
}

const shows = {
  info: vscode.window.showInformationMessage,
  warning: vscode.window.showWarningMessage,
  error: vscode.window.showErrorMessage,
};

async function show(severity: keyof typeof shows, text: string, buttons: Button[]): Promise<void> {
  const verbs = buttons.map((button) => button.verb);
  const answer = await shows[severity](text, ...verbs);
  const chosen = buttons.find((button) => button.verb === answer);
  if (chosen) await vscode.commands.executeCommand(chosen.command, ...(chosen.arguments ?? []));
}
