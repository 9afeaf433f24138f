/**
 * Who may do what with a host: its own key, a key of its operator's account, the platform's. A host
 * that there is not is a 404 whatever the key: that is how an agent learns to register again.
 */
import type { FastifyRequest } from "fastify"
import { bearerOf, keyOf, requireKey } from "../directory/authentication.ts"
import { HttpError, notFound } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import type { AccountRecord, HostRecord, KeyRecord } from "../directory/records.ts"
import { isInMarket } from "../directory/host-state.ts"

type AccessServices = Pick<LiveServices, "directory" | "driver" | "nowMillis" | "sessions">

export interface HostAccess {
  readonly host: HostRecord
  readonly key: KeyRecord
}

const isGone = ({ driver }: AccessServices, { id, removedAtMillis }: HostRecord): boolean =>
  removedAtMillis !== undefined && !isInMarket(driver.market, id)

const hostNamed = (services: AccessServices, publicId: string): HostRecord => {
  const host = services.directory.hostByPublicId(publicId)
  if (host === undefined || isGone(services, host))
    throw notFound(`host ${publicId.slice(0, 100)}; register it with POST /hosts`)
  return host
}

const isOf = (key: KeyRecord, host: HostRecord): boolean =>
  key.role === "admin" ||
  (key.role === "host" ? key.host === host.id : key.account === host.account)

/** The host of a path, for its own key or its operator's. */
export const requireHost = (
  services: AccessServices,
  request: FastifyRequest,
  publicId: string,
  ...roles: ReadonlyArray<KeyRecord["role"]>
): HostAccess => {
  const host = hostNamed(services, publicId)
  const key = requireKey(services, request, ...roles)
  if (!isOf(key, host)) throw notYours(publicId)
  return { host, key }
}

const notYours = (publicId: string): HttpError =>
  new HttpError({
    status: 403,
    type: "permission_error",
    code: "not_your_host",
    message: `Host ${publicId} belongs to somebody else`,
  })

/** The host of a path, and whether whoever asks may see all of it. */
export const lookAtHost = (
  services: AccessServices,
  request: FastifyRequest,
  publicId: string,
): { readonly host: HostRecord; readonly isOwn: boolean } => {
  const host = hostNamed(services, publicId)
  const key = keyOf(services, request)
  return { host, isOwn: key !== undefined && isOf(key, host) }
}

/**
 * The host whose own key a request bears. `claimed`: the host that it says it is, so that a key which
 * is not known here can be told from a host which is not.
 */
export const requireHostKey = (
  services: AccessServices,
  request: FastifyRequest,
  claimed: string | undefined,
): HostRecord => {
  if (claimed !== undefined) hostNamed(services, claimed)
  const named = bearerOf(services, request)?.host
  const host = named === undefined ? undefined : services.directory.hosts.get(named)
  // Its keys ended with it: that they are refused would tell its agent nothing.
  if (host !== undefined && isGone(services, host))
    throw notFound("host of this key any more; register it with POST /hosts")
  requireKey(services, request, "host")
  if (host === undefined) throw new Error("hosts: a host's key belongs to no host")
  if (claimed !== undefined && claimed !== host.publicId) throw notYours(claimed)
  return host
}

/** Whose host a registration makes: the key's own account, or the one that an admin names. */
export const requireOperator = (
  services: AccessServices,
  request: FastifyRequest,
  named: string | undefined,
): AccountRecord => {
  const { directory } = services
  const key = requireKey(services, request, "account", "admin")
  const own = key.account === undefined ? undefined : directory.accounts.get(key.account)
  const account =
    key.role === "admin" && named !== undefined ? directory.accountByPublicId(named) : own
  if (account === undefined)
    throw new HttpError({
      status: 400,
      type: "invalid_request_error",
      code: "unknown_account",
      param: "account_id",
      message: "With an admin key, `account_id` has to name whose host it is (acct_…)",
    })
  if (named !== undefined && named !== account.publicId)
    throw new HttpError({
      status: 403,
      type: "permission_error",
      code: "not_your_account",
      message: "Only an admin registers hosts for other accounts",
    })
  return account
}
