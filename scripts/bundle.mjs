/**
 * Joins the programs of dist/ (the command line and its workers) with those of their libraries that come
 * in hundreds of small files: a start then reads a few files in place of some 1,800, which
 * takes most of its time. What a user imports (`evenkeel/engine` and the like) stays as the compiler left it.
 *
 * The command line becomes executable, too: npm sets that bit only once, when it links the command, so
 * a dist/ that was removed and built again would lack it, and `npx evenkeel` would be refused.
 */
import { build } from "esbuild"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { dirname, relative } from "node:path"

const programs = ["evenkeel.ts", "sim/replication-worker.ts", "sim/coverage-worker.ts"]

/** Of our dependencies, those that are nothing but modules: no files of their own, no threads. */
const joined = /^(effect|@effect\/[^/]+|hyparquet(-writer)?|vega(-lite)?|yaml)(\/|$)/

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"))
const packageOf = (path) => /^(@[^/]+\/)?[^/]+/.exec(path)[0]

/** Our other dependencies are found in node_modules at run time; what only the joined ones use is joined. */
const leaveOthers = {
  name: "leave-others",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind !== "entry-point" && packageOf(path) in dependencies && !joined.test(path)
        ? { path, external: true }
        : undefined,
    ),
}

/** In what libraries bundle themselves, `require` is still to be found. */
const banner = {
  js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
}

const { outputFiles } = await build({
  write: false,
  entryPoints: programs,
  outdir: "dist",
  outbase: ".",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  banner,
  plugins: [leaveOthers],
  logLevel: "warning",
})

// A program that runs meanwhile finds all of its files: what has not changed stays, what has is replaced
// at once, and only then what is no longer used goes.
for (const { path, contents } of outputFiles) {
  if (existsSync(path) && readFileSync(path).equals(contents)) continue
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, contents)
  renameSync(`${path}.new`, path)
}
const used = new Set(outputFiles.map(({ path }) => relative("dist/chunks", path)))
for (const file of readdirSync("dist/chunks")) if (!used.has(file)) rmSync(`dist/chunks/${file}`)

// The host's agent by itself, in one file: what a gateway hands out needs Node and nothing else.
const { version } = JSON.parse(readFileSync("package.json", "utf8"))
await build({
  entryPoints: ["live/agent/agent-program.ts"],
  outfile: "dist/agent/evenkeel-agent.mjs",
  bundle: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node20",
  banner,
  define: { "process.env.EVENKEEL_AGENT_VERSION": JSON.stringify(version) },
  logLevel: "warning",
})

chmodSync("dist/evenkeel.js", 0o755)
if (!readFileSync("dist/evenkeel.js", "utf8").startsWith("#!"))
  throw new Error("dist/evenkeel.js has lost its first line, by which a shell runs it")
