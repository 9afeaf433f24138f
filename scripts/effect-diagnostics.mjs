/**
 * The diagnostics of Effect over every file of tsconfig.json, in one program. The command line of
 * `@effect/language-service` makes a program for every 50 files, which took eight minutes here.
 * Prints what it finds, and exits with 1 where that is more than a suggestion.
 */
import { readFileSync } from "node:fs"
import plugin from "@effect/language-service"
import ts from "typescript"

const { options, fileNames } = ts.getParsedCommandLineOfConfigFile("tsconfig.json", undefined, {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (mistake) => {
    throw new Error(ts.flattenDiagnosticMessageText(mistake.messageText, "\n"))
  },
})
const config = options.plugins.find((one) => one.name === "@effect/language-service")

const host = {
  getCompilationSettings: () => options,
  getScriptFileNames: () => fileNames,
  getScriptVersion: () => "1",
  getScriptSnapshot: (file) =>
    ts.sys.fileExists(file) ? ts.ScriptSnapshot.fromString(readFileSync(file, "utf8")) : undefined,
  getCurrentDirectory: () => process.cwd(),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
  realpath: ts.sys.realpath,
}
const languageService = ts.createLanguageService(host)
const service = plugin({ typescript: ts }).create({
  languageService,
  languageServiceHost: host,
  config,
  project: { log: () => {}, projectService: { logger: { info: () => {} } } },
  serverHost: ts.sys,
})

const found = fileNames.flatMap((file) => service.getSemanticDiagnostics(file))
process.stdout.write(
  ts.formatDiagnostics(found, {
    getCurrentDirectory: () => process.cwd(),
    getCanonicalFileName: (name) => name,
    getNewLine: () => "\n",
  }),
)
const grave = found.filter(({ category }) => category <= ts.DiagnosticCategory.Error)
console.log(
  `${fileNames.length} files, ${found.length} diagnostics, ${grave.length} errors or warnings`,
)
process.exit(grave.length > 0 ? 1 : 0)
