// Turns web/frontend/openapi.json (written by `hindsight openapi`) into src/api/schema.d.ts, which is not committed.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("openapi.json", import.meta.url);
const target = new URL("src/api/schema.d.ts", import.meta.url);
const heading =
  "// Generated from web/frontend/openapi.json by api-types.mjs. Change the API in web/, then run `make openapi`.\n\n";

const types = heading + astToString(await openapiTS(source));
await mkdir(new URL(".", target), { recursive: true });
const before = await readFile(target, "utf8").catch(() => "");
if (before !== types) await writeFile(target, types);
