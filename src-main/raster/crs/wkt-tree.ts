/** One bracketed element of a WKT text: `KEYWORD[values and children]`. */
export interface WktNode {
  readonly keyword: string;
  /** Quoted texts, numbers and bare words in order, as text. */
  readonly values: readonly string[];
  readonly children: readonly WktNode[];
}

const maxDepth = 32;
const maxNodes = 2000;

/** Parses WKT 1 or 2 into a tree, or null when the text isn't WKT. */
export function parseWkt(text: string): WktNode | null {
  const tokens = [...text.slice(0, 65_536).matchAll(/"((?:[^"]|"")*)"|([[\](),])|([^\s"[\](),]+)/g)];
  let position = 0;
  let nodes = 0;
  const parseNode = (depth: number): WktNode | null => {
    const keyword = tokens[position]?.[3];
    const open = tokens[position + 1]?.[2];
    nodes += 1;
    if (keyword === undefined || (open !== "[" && open !== "(") || depth > maxDepth || nodes > maxNodes) {
      return null;
    }
    position += 2;
    const values: string[] = [];
    const children: WktNode[] = [];
    while (position < tokens.length) {
      const [, quoted, mark, word] = tokens[position] ?? [];
      if (mark === "]" || mark === ")") {
        position += 1;
        return { keyword: keyword.toUpperCase(), values, children };
      }
      const following = tokens[position + 1]?.[2];
      if (word !== undefined && (following === "[" || following === "(")) {
        const child = parseNode(depth + 1);
        if (child === null) {
          return null;
        }
        children.push(child);
        continue;
      }
      if (quoted !== undefined) {
        values.push(quoted);
      } else if (word !== undefined) {
        values.push(word);
      }
      position += 1;
    }
    return null;
  };
  return parseNode(0);
}

/** The first child with the keyword, or null. */
export function childNamed(node: WktNode, keyword: string): WktNode | null {
  return node.children.find((child) => child.keyword === keyword) ?? null;
}

/** The value at a place, or null. */
export function textAt(node: WktNode, place: number): string | null {
  return node.values[place] ?? null;
}

/** The numbers among an element's values, its name left out. */
export function numbersOf(node: WktNode): number[] {
  const values = node.keyword === "TOWGS84" ? node.values : node.values.slice(1);
  return values.map(Number).filter((value) => Number.isFinite(value));
}
