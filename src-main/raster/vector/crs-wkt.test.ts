import { describe, expect, test } from "vitest";
import { z } from "zod";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { wktOfCrs } from "./crs-wkt.ts";

const shape = "+a=6378137 +rf=298.257222101";
const falseOrigin = "+x_0=200000 +y_0=-1500";

/** One formula for each method that WKT has a name for, none of its parameters at its default. */
const formulas = [
  `+proj=tmerc +lat_0=12 +lon_0=19 +k=0.9993 ${falseOrigin} ${shape} +units=m`,
  `+proj=utm +zone=34 +ellps=GRS80 +units=m`,
  `+proj=merc +lat_ts=20 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=merc +k=0.997 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=lcc +lat_0=40 +lat_1=41 +lat_2=47 +lon_0=15 ${falseOrigin} ${shape} +units=us-ft`,
  `+proj=lcc +lat_0=45 +lat_1=45 +lon_0=15 +k_0=0.9999 ${falseOrigin} ${shape} +units=m`,
  `+proj=aea +lat_0=40 +lat_1=41 +lat_2=47 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=laea +lat_0=52 +lon_0=10 ${falseOrigin} ${shape} +units=m`,
  `+proj=aeqd +lat_0=52 +lon_0=10 ${falseOrigin} ${shape} +units=m`,
  `+proj=eqdc +lat_0=40 +lat_1=41 +lat_2=47 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=stere +lat_0=90 +lat_ts=71 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=stere +lat_0=90 +k=0.994 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=stere +lat_0=46 +k=0.9997 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=sterea +lat_0=46 +k=0.9997 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=eqc +lat_ts=30 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=cass +lat_0=46 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=poly +lat_0=46 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=robin +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=sinu +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=moll +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=cea +lat_ts=30 +lon_0=15 ${falseOrigin} ${shape} +units=m`,
  `+proj=omerc +lat_0=46 +lonc=15 +alpha=30 +gamma=25 +k=0.9999 ${falseOrigin} ${shape} +units=m`,
  `+proj=omerc +no_uoff +lat_0=46 +lonc=15 +alpha=30 +gamma=25 +k=0.9999 ${falseOrigin} ${shape} +units=m`,
  `+proj=lcc +lat_0=46.5 +lat_1=46.5 +lon_0=0 +k_0=0.99987742 +x_0=600000 +y_0=2200000 +a=6378249.2 +b=6356515 +pm=paris +units=m`,
  `+proj=longlat ${shape}`,
];

const compareScript = `
import json, sys
import numpy as np
from pyproj import CRS, Transformer
found = []
longitude, latitude = np.random.default_rng(1).uniform([[8], [42]], [[22], [52]], (2, 200))
for formula, wkt in json.loads(sys.argv[1]):
    try:
        theirs, ours = CRS(formula + " +no_defs +type=crs"), CRS(wkt)
        there = [Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True).transform(longitude, latitude) for crs in (theirs, ours)]
        found.append(float(np.max(np.abs(np.array(there[0]) - np.array(there[1])))))
    except Exception as error:
        found.append(str(error)[:300])
print(json.dumps(found))
`;

describe.skipIf(peerPython() === undefined)(
  "WKT of a user-defined system (skipped without the Python peers)",
  () => {
    test("puts positions where PROJ puts them by the formula itself", { timeout: 60_000 }, async () => {
      const pairs = formulas.map((formula) => [
        formula,
        wktOfCrs({ kind: "custom", name: "site grid", proj4: formula }),
      ]);
      const found = z
        .array(z.union([z.number(), z.string()]))
        .parse(await runPeer(compareScript, [JSON.stringify(pairs)]));
      const wrong = found
        .map((off, index) => ({ formula: formulas[index], off }))
        .filter(({ off }) => typeof off === "string" || !(off < 1e-5));
      expect(wrong).toEqual([]);
    });
  },
);
