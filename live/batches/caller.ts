/** Who sends files and batches: an account, by a key that may spend all that it has. */
import type { FastifyRequest } from "fastify"
import { requireKey } from "../directory/authentication.ts"
import type { AccountRecord, KeyRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { HttpError } from "../http/http-error.ts"

export const callerOf = (
  services: LiveServices,
  request: FastifyRequest,
): { readonly key: KeyRecord; readonly account: AccountRecord } => {
  const key = requireKey(services, request, "account")
  const account =
    key.account === undefined ? undefined : services.directory.accounts.get(key.account)
  if (account === undefined) throw new Error("batches: a consumer's key belongs to nobody")
  return { key, account }
}

/** What a batch may cost is held at once, so that a key's limit cannot be kept. */
export const refuseLimited = ({ limit }: KeyRecord): void => {
  if (limit !== undefined)
    throw new HttpError({
      status: 403,
      type: "permission_error",
      code: "limited_key",
      message:
        "This key has a spending limit: it can call models, but open no batches; use a key without a limit",
    })
}

/** A page of a list, behind the entry of an id. */
export const pageAfter = <A extends { readonly publicId: string }>(
  all: ReadonlyArray<A>,
  after: string | undefined,
  count: number,
): { readonly shown: ReadonlyArray<A>; readonly hasMore: boolean } => {
  const from = after === undefined ? 0 : all.findIndex(({ publicId }) => publicId === after) + 1
  if (after !== undefined && from === 0)
    throw new HttpError({
      status: 400,
      type: "invalid_request_error",
      code: "invalid_request",
      message: "after has to be the id of an entry of this list",
      param: "after",
    })
  return { shown: all.slice(from, from + count), hasMore: all.length > from + count }
}
