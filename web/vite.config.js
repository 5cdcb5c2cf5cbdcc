// One script for each page that has an island; what they share becomes a chunk of its own.
import { readdirSync } from "node:fs";
import { defineConfig } from "vite";

const islands = readdirSync(new URL("src/islands", import.meta.url)).filter((name) => name.endsWith(".ts"));

export default defineConfig({
  base: "/static/",
  publicDir: false,
  worker: { format: "es", rollupOptions: { output: { entryFileNames: "[name]-[hash].js" } } },
  build: {
    outDir: "../hub/pages/built",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    rollupOptions: {
      input: Object.fromEntries(islands.map((name) => [name.slice(0, -3), `src/islands/${name}`])),
      output: { entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js", assetFileNames: "[name]-[hash][extname]" },
    },
  },
});
