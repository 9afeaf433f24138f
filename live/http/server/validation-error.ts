/** What Fastify's validator found, in words: see allowed.ts. */
import type { FastifyError, FastifyRequest } from "fastify"
import { missing, notAllowed, unknownField } from "../allowed.ts"
import type { HttpError } from "../http-error.ts"
import { badRequest } from "../http-error.ts"
import type { JsonObject } from "../../../platform/json/json-object.ts"
import { isObject } from "../../../platform/json/json-object.ts"

type Issue = NonNullable<FastifyError["validation"]>[number]

/** The error for a client whose body, query or path is not as the route's schema has it. */
export const validationError = (
  { validation, validationContext: part, message }: FastifyError,
  { routeOptions }: FastifyRequest,
): HttpError => {
  const schema = (routeOptions.schema as JsonObject | undefined)?.[part ?? ""]
  const issue = validation?.reduce(deeper)
  if (issue === undefined || !isObject(schema)) return badRequest(message)
  const place = placeOf(issue)
  const { missingProperty: without, additionalProperty: unknown } = issue.params
  if (typeof without === "string") return missing(schema, [...place, without])
  if (typeof unknown === "string") return unknownField(schema, place, unknown)
  return notAllowed(schema, place)
}

/** The deepest says most; of a union's members it is the one that nearly fits. */
const deeper = (best: Issue, one: Issue): Issue => {
  const more = placeOf(one).length - placeOf(best).length
  return more > 0 || (more === 0 && isOfField(one) && !isOfField(best)) ? one : best
}

const isOfField = ({ keyword }: Issue): boolean =>
  keyword === "required" || keyword === "additionalProperties"

/** From a JSON pointer (RFC 6901). */
const placeOf = ({ instancePath }: Issue): ReadonlyArray<string> =>
  instancePath
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
