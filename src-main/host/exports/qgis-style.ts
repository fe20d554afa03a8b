import type { LandClass } from "#shared/project/land-class.ts";

/** What a style needs of a class. */
export type StyledClass = Pick<LandClass, "id" | "name" | "color">;

/** Stands in every style we write, so that one may be told from a user's own. */
export const styleMark = "Orthomask";

const version = "3.22.0";

/**
 * A QGIS style for a class mask: the palette renderer with the classes' colours and names. QGIS takes it on its own when it lies beside the
 * raster under the same name. The form is that of QGIS' `qgspalettedrasterrenderer.cpp`.
 */
export function maskStyle(classes: readonly StyledClass[]): string {
  const entries = classes.map(
    ({ id, name, color }) =>
      `        <paletteEntry value="${id}" color="${color}" label="${escaped(name)}" alpha="255"/>`,
  );
  return `${opening}
  <pipe>
    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">
      <rasterTransparency/>
      <colorPalette>
${entries.join("\n")}
      </colorPalette>
    </rasterrenderer>
    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>
    <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0"/>
    <rasterresampler maxOversampling="2"/>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
`;
}

/**
 * A QGIS style for polygons with a class column: one fill a class, in its colour and under its name. The form is that of QGIS'
 * `qgscategorizedsymbolrenderer.cpp`; properties stand twice because versions before 3.26 read the second form.
 */
export function polygonStyle(classes: readonly StyledClass[], column: string): string {
  const categories = classes.map(
    ({ id, name }, index) =>
      `      <category value="${id}" symbol="${index}" label="${escaped(name)}" type="long" render="true"/>`,
  );
  const symbols = classes.map(({ color }, index) => {
    const [red, green, blue] = channels(color);
    const properties = [
      ["color", `${red},${green},${blue},255`],
      ["style", "solid"],
      ["outline_color", "35,35,35,255"],
      ["outline_style", "solid"],
      ["outline_width", "0.1"],
      ["outline_width_unit", "MM"],
      ["joinstyle", "bevel"],
    ] as const;
    return `      <symbol type="fill" name="${index}" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
${properties.map(([name, value]) => `            <Option type="QString" name="${name}" value="${value}"/>`).join("\n")}
          </Option>
${properties.map(([name, value]) => `          <prop k="${name}" v="${value}"/>`).join("\n")}
        </layer>
      </symbol>`;
  });
  return `${opening}
  <renderer-v2 type="categorizedSymbol" attr="${escaped(column)}" symbollevels="0" enableorderby="0" forceraster="0">
    <categories>
${categories.join("\n")}
    </categories>
    <symbols>
${symbols.join("\n")}
    </symbols>
  </renderer-v2>
  <blendMode>0</blendMode>
</qgis>
`;
}

const opening = `<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<!-- ${styleMark} -->
<qgis version="${version}" styleCategories="Symbology">`;

function channels(color: string): readonly [red: number, green: number, blue: number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Text as an XML attribute has it; line ends by number, since a parser makes blanks of them. What XML has no way to write becomes a sign for what is missing. */
export function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}")
    .replaceAll(/[&<>"'\n\r\t]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
