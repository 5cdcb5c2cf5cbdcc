// The service worker: one file of a fixed name, which the hub serves at /sw.js.
import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  build: {
    outDir: "../hub/pages/built",
    emptyOutDir: false,
    target: "es2022",
    modulePreload: false,
    lib: { entry: "src/sw.ts", formats: ["iife"], name: "hub", fileName: () => "sw.js" },
  },
});
