// Tables of results: read from what Livy and the agent send, sorted and written as CSV. Pure, and
// used in the extension and in the results panel alike.

export interface Column {
  name: string;
  type: string;
  numeric: boolean;
}

export interface Table {
  columns: Column[];
  rows: unknown[][];
}

/** Livy's two shapes of a table; undefined when the value is neither. */
export function tableOf(value: unknown): Table | undefined {
  if (!isRecord(value) || !Array.isArray(value.data)) return undefined;
  const { headers, schema } = value;
  const fields = Array.isArray(headers)
    ? headers
    : isRecord(schema) && Array.isArray(schema.fields)
      ? schema.fields
      : undefined;
  if (!fields) return undefined;
  const columns = fields.map((field: unknown) => columnOf(field));
  const rows = value.data.map((row: unknown) => (Array.isArray(row) ? row : [row]));
  return { columns, rows };
}

function columnOf(field: unknown): Column {
  if (!isRecord(field)) return { name: String(field), type: "", numeric: false };
  const type = typeof field.type === "string" ? field.type : JSON.stringify(field.type ?? "");
  const numeric = /int|long|short|byte|float|double|decimal|bigdec/i.test(type);
  return { name: String(field.name ?? ""), type, numeric };
}

/** The rows in the order of a column; what is missing comes last, whichever the direction. */
export function sorted(table: Table, column: number, descending: boolean): unknown[][] {
  const sign = descending ? -1 : 1;
  return [...table.rows].sort((one, other) => {
    const [a, b] = [one[column], other[column]];
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
    return sign * compare(a, b);
  });
}

function compare(one: unknown, other: unknown): number {
  const [a, b] = [numberOf(one), numberOf(other)];
  if (a !== undefined && b !== undefined) return a - b;
  return cellText(one).localeCompare(cellText(other), "en", { numeric: true });
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined;
}

/** A cell as text: nothing for null, JSON for what is nested. */
export function cellText(value: unknown): string {
  if (isMissing(value)) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** RFC 4180: quotes only where needed. */
export function csv({ columns, rows }: Table): string {
  const all = [columns.map(({ name }) => name), ...rows];
  return all.map((row) => `${row.map((cell) => quoted(cellText(cell))).join(",")}\r\n`).join("");
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Tab separated, as spreadsheets paste it. */
export function tabbed({ columns, rows }: Table): string {
  const all = [columns.map(({ name }) => name), ...rows];
  return all
    .map((row) => `${row.map((cell) => cellText(cell).replace(/[\t\r\n]+/g, " ")).join("\t")}\n`)
    .join("");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
