/** The kernel's assertions, as they stand in its sources: each is known by its sentence. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"

export interface Assertion {
  readonly what: string
  readonly at: string
}

/** `invariant(condition, "…")`, and `new InvariantBroken("…", detail)` where a detail is worth its cost. */
const sentenceIn = (node: ts.Node): ts.Expression | undefined => {
  if (ts.isCallExpression(node) && node.expression.getText() === "invariant")
    return node.arguments[1]
  if (ts.isNewExpression(node) && node.expression.getText() === "InvariantBroken")
    return node.arguments?.[0]
  return undefined
}

/** Every assertion of a folder's sources. Throws where one has no sentence of its own. */
export const assertionsIn = (folder: string): ReadonlyArray<Assertion> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith("invariant.ts"))
    .map((name) => join(folder, name))
    .flatMap((path) => {
      const source = ts.createSourceFile(
        path,
        readFileSync(path, "utf8"),
        ts.ScriptTarget.ES2022,
        true,
      )
      const found: Array<Assertion> = []
      const visit = (node: ts.Node): void => {
        const sentence = sentenceIn(node)
        if (sentence !== undefined) {
          const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
          const at = `${path}:${line}`
          if (!ts.isStringLiteral(sentence)) throw new Error(`${at}: its sentence is no literal`)
          found.push({ what: sentence.text, at })
        }
        ts.forEachChild(node, visit)
      }
      visit(source)
      return found
    })
