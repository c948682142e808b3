// Reads a line of the daemon's log: pure.

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

export interface LogLine {
  level: LogLevel;
  text: string;
}

const levels = new Map<string, LogLevel>([
  ["trace", "trace"],
  ["debug", "debug"],
  ["info", "info"],
  ["warning", "warn"],
  ["error", "error"],
  ["critical", "error"],
]);

/** "14:03:22.123 [warning] http: …" without its time, which the log channel adds by itself. */
export function logLine(line: string): LogLine {
  const match = /^\d\d:\d\d:\d\d\.\d+ \[(\w+)\] (.*)$/s.exec(line);
  const level = levels.get(match?.[1] ?? "");
  if (!level) return { level: "info", text: line };
  return { level, text: match?.[2] ?? "" };
}
