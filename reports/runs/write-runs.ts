/** Writes the list of a folder's results into it. */
import * as Path from "@effect/platform/Path"
import { Effect } from "effect"
import { version } from "../../platform/package.ts"
import type { KeptResults } from "../../sim/results/models/kept-results.ts"
import { writeFile } from "../write-file.ts"
import { runsHtml } from "./runs-page.ts"

/** Returns the file. */
export const writeRuns = (results: ReadonlyArray<KeptResults>, folder: string) =>
  Effect.gen(function* () {
    const paths = yield* Path.Path
    const page = paths.join(folder, "index.html")
    const linkTo = (other: string) =>
      paths.relative(folder, other).split(paths.sep).map(encodeURIComponent).join("/")
    yield* writeFile(page, runsHtml(results, version, linkTo))
    return page
  })
