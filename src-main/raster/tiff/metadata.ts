/** One item of GDAL's metadata tag. */
export interface MetadataItem {
  readonly name: string;
  readonly value: string;
  /** The 0-based band it belongs to, or null for the whole file. */
  readonly band: number | null;
  /** GDAL's role: "description", "scale", "offset" …; empty for plain items. */
  readonly role: string;
}

const maxItems = 10_000;

/** Reads the items of GDAL's metadata XML (tag 42112). */
export function parseGdalMetadata(xml: string): MetadataItem[] {
  const items: MetadataItem[] = [];
  for (const match of xml.matchAll(/<Item\b([^<>]*)>([^<]*)<\/Item>/g)) {
    if (items.length >= maxItems) {
      break;
    }
    const attributes = new Map<string, string>();
    for (const attribute of (match[1] ?? "").matchAll(
      /(?<![A-Za-z_])([A-Za-z_]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g,
    )) {
      attributes.set(attribute[1] ?? "", unescapeXml(attribute[2] ?? attribute[3] ?? ""));
    }
    const sample = attributes.get("sample");
    items.push({
      name: attributes.get("name") ?? "",
      // GDAL escapes values once for themselves and once for the XML.
      value: unescapeXml(unescapeXml(match[2] ?? "")),
      band: sample === undefined || !/^\d+$/.test(sample) ? null : Number(sample),
      role: attributes.get("role") ?? "",
    });
  }
  return items;
}

/** Writes items as GDAL's metadata XML. */
export function formatGdalMetadata(items: readonly MetadataItem[]): string {
  const lines = items.map((item) => {
    const sample = item.band === null ? "" : ` sample="${item.band}"`;
    const role = item.role === "" ? "" : ` role="${escapeXml(item.role)}"`;
    return `  <Item name="${escapeXml(item.name)}"${sample}${role}>${escapeXml(escapeXml(item.value))}</Item>\n`;
  });
  return `<GDALMetadata>\n${lines.join("")}</GDALMetadata>\n`;
}

function unescapeXml(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]+|#\d+|lt|gt|quot|apos|amp);/g, (whole, name: string) => {
    switch (name) {
      case "lt":
        return "<";
      case "gt":
        return ">";
      case "quot":
        return '"';
      case "apos":
        return "'";
      case "amp":
        return "&";
      default: {
        const code = name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
        return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      }
    }
  });
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Parses the text of GDAL's nodata tag (42113), or null when it is no number. */
export function parseGdalNodata(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "") {
    return null;
  }
  if (
    trimmed.startsWith("nan") ||
    trimmed === "-nan" ||
    trimmed.includes("#ind") ||
    trimmed.includes("#qnan")
  ) {
    return NaN;
  }
  if (/^[-+]?inf/.test(trimmed)) {
    return trimmed.startsWith("-") ? -Infinity : Infinity;
  }
  const value = Number(trimmed);
  return Number.isNaN(value) ? null : value;
}
