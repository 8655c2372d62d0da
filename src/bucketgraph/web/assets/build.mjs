// Bundles the entry points with esbuild: `node build.mjs WORK OUT META`. hatch_build.py calls it.
// The graph library and its layout are taken from their sources, not from their older-browser builds:
// with the WebGL renderer left out (nothing asks for it), that saves a fifth of the script.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileSync } from "node:fs";

const [work, out, meta] = process.argv.slice(2);
const modules = join(work, "node_modules");
const esbuild = createRequire(join(work, "package.json"))("esbuild");

const withoutWebGL = {
  name: "without-webgl",
  setup(build) {
    build.onLoad({ filter: /cytoscape[\\/]src[\\/].*[\\/]drawing-redraw-webgl\.mjs$/ }, () => ({ contents: "export default {};" }));
  },
};

const result = await esbuild.build({
  absWorkingDir: dirname(fileURLToPath(import.meta.url)),
  entryPoints: ["app.js", "graph.js", "query.js", "app.css"],
  outdir: out,
  entryNames: "[name]-[hash]",
  nodePaths: [modules],
  alias: {
    cytoscape: join(modules, "cytoscape/src/index.mjs"),
    "cose-base": join(modules, "cose-base/index.js"),
    "layout-base": join(modules, "layout-base/index.js"),
  },
  define: { "process.env.NODE_ENV": '"production"', "process.env.VERSION": '"3"' },
  plugins: [withoutWebGL],
  bundle: true,
  minify: true,
  metafile: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
}).catch(() => process.exit(1)); // esbuild has said on standard error what is wrong

writeFileSync(meta, JSON.stringify(result.metafile));
