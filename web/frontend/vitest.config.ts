// Unit tests of what has no DOM: a file beside each module, run by Node.
import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["src/**/*.test.ts"], environment: "node" } });
