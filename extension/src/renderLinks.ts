// Finds the places that the text of the Output Channel names: pure.

export interface Place {
  /** From 0. */
  line: number;
  /** Characters of the line, the end exclusive. */
  start: number;
  end: number;
  /** An absolute path, or for a header the name that stands there. */
  file: string;
  kind: "header" | "traceback" | "part";
  /** From 1. */
  firstLine?: number;
  lastLine?: number;
}

const header = /^── (.+?)(?::(\d+)(?:-(\d+))?)? ─ .+ ─ \d\d:\d\d:\d\d ─/;
const traceback = /File "([^"<>]+)", line (\d+)/g;
const part = /^ {2}\([^:]+: (\/.+)\)$/;

/** All places in a text, in order. */
export function placesIn(text: string): Place[] {
  return text.split("\n").flatMap((line, index) => placesInLine(line, index));
}

function placesInLine(text: string, line: number): Place[] {
  if (text.startsWith("── ")) return headerPlace(text, line);
  const file = part.exec(text)?.[1];
  if (file !== undefined) {
    const start = text.length - 1 - file.length;
    return [{ line, start, end: start + file.length, file, kind: "part" }];
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
