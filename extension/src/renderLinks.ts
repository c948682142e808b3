// Finds the places that the text of the Output Channel names: pure.

export interface Place {
  /** From 0. */
  line: number;
  /** Characters of the line, the end exclusive. */
  start: number;
  end: number;
  /** An absolute path, for a header the name that stands there, for a command its id. */
  file: string;
  kind: "header" | "traceback" | "command";
  /** From 1. */
  firstLine?: number;
  lastLine?: number;
}

const header = /^── (.+?)(?::(\d+)(?:-(\d+))?)? ─ .+ ─ \d\d:\d\d:\d\d ─/;
const traceback = /File "([^"<>]+)", line (\d+)/g;
/** livyd's own lines that name a command: the parts of a result, and output that was cut. */
const command = /^(?: {2}\(.+: |· .+ more: )(Livy: (?:Show Results|Open Full Output))\)?$/;
const commands: Record<string, string> = {
  "Livy: Show Results": "livyd.showResults",
  "Livy: Open Full Output": "livyd.openFullOutput",
};

/** All places in a text, in order. */
export function placesIn(text: string): Place[] {
  return text.split("\n").flatMap((line, index) => placesInLine(line, index));
}

function placesInLine(text: string, line: number): Place[] {
  if (text.startsWith("── ")) return headerPlace(text, line);
  const title = command.exec(text)?.[1];
  if (title !== undefined) {
    const start = text.lastIndexOf(title);
    const file = commands[title] ?? "";
    return [{ line, start, end: start + title.length, file, kind: "command" }];
  }
  return [...text.matchAll(traceback)].map((match) => ({
    line,
    start: match.index,
    end: match.index + match[0].length,
    file: match[1] ?? "",
    kind: "traceback",
    firstLine: Number(match[2]),
  }));
}

function headerPlace(text: string, line: number): Place[] {
  const match = header.exec(text);
  const name = match?.[1];
  if (!match || name === undefined) return [];
  const [, , first, last] = match;
  const label = `${name}${first === undefined ? "" : `:${first}`}${last === undefined ? "" : `-${last}`}`;
  return [
    {
      line,
      start: 3,
      end: 3 + label.length,
      file: name,
      kind: "header",
      ...(first === undefined ? {} : { firstLine: Number(first) }),
      ...(last === undefined ? {} : { lastLine: Number(last) }),
    },
  ];
}
