// Builds the pages' scripts, styles and fonts into web/static/build, with hashed names and a manifest that web reads.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";

const here = import.meta.dirname;
const entries = [
  "src/pages/main.ts",
  "src/pages/lesson.ts",
  "src/pages/clip.ts",
  "src/pages/session.ts",
  "src/pages/upload.ts",
  "src/pages/walk.ts",
  "src/styles/main.css",
];

for (const entry of entries) {
  if (!existsSync(resolve(here, entry)))
    throw new Error(`The pages cannot be built: web/frontend/${entry} is missing.`);
}

export default defineConfig({
  root: here,
  base: "/static/build/", // where web serves the folder; addresses inside the CSS are absolute
  publicDir: false,
  build: {
    outDir: resolve(here, "../static/build"),
    emptyOutDir: true,
    manifest: "manifest.json",
    license: { fileName: "licences.md" }, // what the built scripts contain of others, with their terms
    target: "es2022", // the browsers of the last three years; video and the highlight API need no older ones
    assetsDir: "assets",
    assetsInlineLimit: 0, // the content security policy forbids data: addresses
    reportCompressedSize: false,
    sourcemap: true,
    rolldownOptions: {
      input: Object.fromEntries(entries.map((entry) => [entry.replace(/^src\/|\.\w+$/g, ""), resolve(here, entry)])),
    },
  },
});
