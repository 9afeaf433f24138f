/**
 * JSON bodies as they come in: UTF-8, as RFC 8259 has it, nested no deeper than is allowed, and every
 * text in them one that can be written down again.
 *
 * JSON can escape half of a surrogate pair, as clients do that cut a text within an emoji. It is no
 * character, and model servers fail on it: U+FFFD takes its place, as `toWellFormed` has it.
 */
import type { FastifyBodyParser, FastifyInstance } from "fastify"
import { isUtf8 } from "node:buffer"
import { badRequest } from "../http-error.ts"
import { isDeeper } from "../../../platform/json/json-depth.ts"

/** Fields may be called `__proto__` or `constructor`: they are the body's own, and assigned nowhere. */
export const jsonBodyParser = (
  server: FastifyInstance,
  mostDepth: number,
): FastifyBodyParser<Buffer> => {
  const parse = server.getDefaultJsonParser("ignore", "ignore")
  return (request, bytes, done) => {
    if (!isUtf8(bytes))
      return done(badRequest("The body has to be UTF-8, as JSON is (RFC 8259, 8.1)"))
    const text = bytes.toString("utf8")
    void parse(request, text, (error, body: unknown) => {
      if (error !== null) return done(error)
      if (isDeeper(body, mostDepth))
        return done(badRequest(`The body is nested more than ${mostDepth} levels deep`))
      // UTF-8 holds whole characters only, so halves come as escapes.
      done(null, /\\u[dD][89a-fA-F]/.test(text) ? wellFormed(body) : body)
    })
  }
}

/** The same value, its texts and the names of its fields well-formed. */
export const wellFormed = (value: unknown): unknown => {
  if (typeof value === "string") return value.toWellFormed()
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(wellFormed)
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name.toWellFormed(), wellFormed(one)]),
  )
}
