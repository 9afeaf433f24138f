/** Who asks for what belongs to an account. */
import type { FastifyRequest } from "fastify"
import { rateByKey } from "../directory/key-rate.ts"
import { requireKey } from "../directory/authentication.ts"
import type { AccountRecord, KeyRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import { HttpError } from "../http/http-error.ts"
import type { KeyRole } from "../http/secrets.ts"
import type { Viewer } from "./bookings.ts"
import type { Listed } from "./gpus.ts"

export const accountKeys = ["account"] as const
export const partyKeys = ["account", "admin"] as const
export const providerKeys = ["account", "host", "admin"] as const

const changesPerMinute = 600

/** Changes are journalled: how many one account makes is bounded, whatever keys it makes them with. */
export const changeRate = (services: LiveServices) =>
  rateByKey(services, changesPerMinute, ({ account, publicId }) =>
    account === undefined ? publicId : `hours ${account}`,
  )

/** The account of a key. Throws 401 or 403. */
export const accountOf = (
  services: LiveServices,
  request: FastifyRequest,
  ...roles: ReadonlyArray<Exclude<KeyRole, "admin">>
): { readonly key: KeyRecord; readonly account: AccountRecord } => {
  const key = requireKey(services, request, ...(roles.length === 0 ? accountKeys : roles))
  const account =
    key.account === undefined ? undefined : services.directory.accounts.get(key.account)
  if (account === undefined) throw new Error(`hours: key ${key.publicId} belongs to nobody`)
  return { key, account }
}

/** Whoever may look at bookings: an account at its own, the platform at all. */
export const viewerOf = (services: LiveServices, request: FastifyRequest): Viewer => {
  const key = requireKey(services, request, ...partyKeys)
  if (key.role === "admin") return "admin"
  const account =
    key.account === undefined ? undefined : services.directory.accounts.get(key.account)
  if (account === undefined) throw new Error(`hours: key ${key.publicId} belongs to nobody`)
  return account
}

/** Throws where a machine is not the caller's to change. */
export const requireProvider = (
  services: LiveServices,
  request: FastifyRequest,
  { host }: Listed,
): void => {
  const key = requireKey(services, request, ...providerKeys)
  const isOwn =
    key.role === "admin" ||
    (key.role === "host" ? key.host === host.id : key.account === host.account)
  if (isOwn) return
  throw new HttpError({
    status: 403,
    type: "permission_error",
    code: "not_your_gpu",
    message: `Machine ${host.publicId} belongs to somebody else`,
  })
}
