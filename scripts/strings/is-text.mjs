// What of a program's literals a reader sees. Wuchale asks for every literal; its own answer ("begins with a capital") takes "Escape" for a
// text and leaves "waits, 2nd" out. Texts stay plain literals in the source, so it is their form and their place that tell.

/** Names whose values are read: `title: "…"`, `const hint = …`, `function runWords() { return … }`. */
const textName =
  /(title|(?<!con)text|word|sentence|hint|note|message|caption|heading|reason|detail|description|placeholder|tooltip|question|advice|summary|meaning|noun|verb|singular|plural|means)s?$|label$|^why/i;

/** Names whose values steer the program, also inside what is read. */
const dataName =
  /^(kind|id|ids|key|keys|code|codes|type|format|method|mode|colou?r|class|style|icon|tone|chord|status|state|event|channel|path|extension|role)$/i;

/** Calls whose arguments no one reads. */
const codeCall =
  /(^|\.)(includes|startsWith|endsWith|indexOf|lastIndexOf|has|get|set|delete|split|querySelector(All)?|closest|matches|addEventListener|removeEventListener|getContext|setAttribute|getAttribute|toggleAttribute|removeAttribute|hasAttribute|matchMedia|createElement|createElementNS|getElementById|setProperty|getPropertyValue|removeProperty|toLocale\w*|localeCompare|getItem|setItem|setData|getData|supports|RegExp|import|require|describe|test|it|expect|call|stream|startsWith|font|parse|stringify|addRule|literal|enum|discriminatedUnion|brand)$|^console\./;

/** The attributes of an HTML element that a reader sees or hears. */
const textAttributes = new Set([
  "title",
  "placeholder",
  "alt",
  "label",
  "aria-label",
  "aria-description",
  "aria-roledescription",
  "aria-valuetext",
  "aria-placeholder",
]);

/** Elements whose words are code, in any language. */
const codeElements = new Set(["code", "pre", "kbd", "samp", "style", "script", "path"]);

/** Names of keys as events tell them. */
const keyName =
  /^(Arrow\w+|Escape|Enter|Tab|Space|Delete|Backspace|Home|End|Insert|Page(Up|Down)|Key[A-Z]|Digit\d|Control|Ctrl|Shift|Alt|AltGraph|Meta|Mod|F\d+)(\+.*)?$/;

/** Colours, lengths, selectors, drawings, addresses: with spaces or capitals in them, and still not words. */
const codeForms = [
  /^(rgba?|hsla?|oklch|oklab|var|translate|scale|rotate|url|calc|color-mix|matrix|clamp|repeat|minmax)\(/,
  /(^|[\s(])[#\d.]+(px|em|rem|vh|vw|fr|deg|ms)\b/,
  /^[MmLlHhVvCcSsQqTtAaZz] ?[\d#.-]/,
  /^[a-z][a-z+.-]*:\/\//,
  /^(EPSG|ESRI|OGC):/,
  /^\+proj=/,
  /^[.[][\w-]+[\s,>\]]/,
  /^-{1,2}[a-z]/,
  /<[\w-]+ \w+=/,
  /charset=|max-age=|filename=|HttpOnly|; Secure|^application\/|^\w+=\(\)|^HTTP\/|^[1-5]\d\d [A-Z]|^(GET|HEAD)\b/,
  /^[\w ]+\/[\w ]+\/[\w ]+$/,
  /^orthomask \w+ \d/,
  /^E[A-Z]+: /,
  /^\s*<[a-z!?/]/i,
  /^(CREATE|SELECT|INSERT|UPDATE|DELETE|ALTER|DROP|AFTER|BEFORE|PRAGMA|BEGIN) [A-Z]/,
  /^([a-z]+-src|frame-ancestors|base-uri|form-action) /,
];

/** Whether a name says that its value is read. */
export function namesText(name) {
  return textName.test(name) && !dataName.test(name);
}

/** The same for a component's attribute; elsewhere a unit is data that others compute with. */
export function attributeNamesText(name) {
  return name === "unit" || namesText(name);
}

/** Whether a name says that its value is for the program. */
export function namesData(name) {
  return dataName.test(name);
}

export function isCodeCall(name) {
  return codeCall.test(name);
}

export function isTextAttribute(name) {
  return textAttributes.has(name);
}

export function isCodeElement(name) {
  return codeElements.has(name);
}

/**
 * Whether a literal of a script is read; `#` stands for what is put in.
 * @param {string} literal
 * @param {boolean} isReadPlace whether where it stands says that it is: then a single small word is enough
 */
export function isText(literal, isReadPlace) {
  const words = literal.match(/\p{L}{2,}/gu) ?? [];
  if (words.length === 0 || codeForms.some((form) => form.test(literal))) {
    return false;
  }
  const trimmed = literal.trim();
  if (/\s/.test(literal)) {
    return true;
  }
  const isTitle = isReadPlace && /^\p{Lu}/u.test(trimmed);
  if (
    keyName.test(trimmed) ||
    /^[a-z]+[A-Z]\w*$/.test(trimmed) ||
    (!isTitle && /^\p{L}+[-_./:#\d]+[\p{L}\d#]/u.test(trimmed))
  ) {
    return false;
  }
  return isReadPlace ? /^[\p{L}\p{P}#\d]+$/u.test(trimmed) : /^\p{Lu}\p{Ll}+[….:?!]?$/u.test(trimmed);
}
