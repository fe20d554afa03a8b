/** A column as `CREATE TABLE` declares it. */
export interface SqlColumn {
  readonly name: string;
  /** `INTEGER PRIMARY KEY`: rows keep it as their row id, and null in its place. */
  readonly isRowId: boolean;
  /** What rows have that were written before the column was added. */
  readonly byDefault: string | number | null;
}

/** The columns of a table, in the order in which rows have them; computed ones that aren't stored are left out. */
export function columnsOf(sql: string): SqlColumn[] {
  return definitions(sql).flatMap((definition): SqlColumn[] => {
    const match = /^\s*("(?:[^"]|"")*"|\[[^\]]*\]|`(?:[^`]|``)*`|'(?:[^']|'')*'|[^\s("']+)([\s\S]*)$/.exec(
      definition,
    );
    const [, named = "", rest = ""] = match ?? [];
    if (/^(constraint|primary|unique|check|foreign)$/i.test(named) || named === "") {
      return [];
    }
    if (/\bgenerated\b|\bas\s*\(/i.test(rest) && !/\bstored\b/i.test(rest)) {
      return [];
    }
    const given = /\bdefault\s+(?:\(\s*)?('(?:[^']|'')*'|[-+]?[\d.]+(?:e[-+]?\d+)?)/i.exec(rest)?.[1];
    return [
      {
        name: unquoted(named),
        isRowId: /^\s*integer\b[\s\S]*\bprimary\s+key\b/i.test(rest),
        byDefault: given === undefined ? null : given.startsWith("'") ? unquoted(given) : Number(given),
      },
    ];
  });
}

/** What stands between the commas of the outermost brackets. */
function definitions(sql: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  /** What stands before the last comment in a part, and where the rest of it begins. */
  let part = "";
  let start = 0;
  for (let at = 0; at < sql.length; at++) {
    const letter = sql.charAt(at);
    if (quote !== "") {
      quote = letter === quote ? "" : quote;
    } else if (letter === '"' || letter === "'" || letter === "`") {
      quote = letter;
    } else if (letter === "[") {
      quote = "]";
    } else if (letter === "-" && sql.charAt(at + 1) === "-") {
      const end = sql.indexOf("\n", at);
      part += `${sql.slice(start, at)} `;
      at = (end < 0 ? sql.length : end) - 1;
      start = at + 1;
    } else if (letter === "(") {
      depth += 1;
      [part, start] = depth === 1 ? ["", at + 1] : [part, start];
    } else if (letter === ")" || (letter === "," && depth === 1)) {
      if (depth === 1) {
        parts.push(part + sql.slice(start, at));
        [part, start] = ["", at + 1];
      }
      depth -= letter === ")" ? 1 : 0;
      if (depth === 0) {
        break;
      }
    }
  }
  return parts;
}

function unquoted(name: string): string {
  const first = name.charAt(0);
  if (first === "[") {
    return name.slice(1, -1);
  }
  return ['"', "`", "'"].includes(first) ? name.slice(1, -1).replaceAll(first + first, first) : name;
}
