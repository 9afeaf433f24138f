/**
 * Signing in on the gateway's own pages: a key is shown once, and a session stands in for it, so that no
 * page has to keep a secret and a reload loses nothing. For pages alone: programs send their key.
 */
import type { FastifyInstance, FastifyRequest } from "fastify"
import { isOwnPage, keyState, sessionCookie, sessionTokenOf } from "../directory/authentication.ts"
import type { KeyRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"
import type { Session, SessionRole } from "../directory/sessions.ts"
import { isSessionRole, sessionRoles } from "../directory/sessions.ts"
import { cookieHeader } from "../http/cookies.ts"
import { HttpError } from "../http/http-error.ts"
import { hashOf } from "../http/secrets.ts"
import { routeSchema } from "../http/route-schema.ts"
import { secondsOf } from "../views/market-time.ts"
import { SessionView } from "./answers.ts"
import * as Bodies from "./bodies.ts"

interface SignedIn {
  readonly key: KeyRecord
  readonly session: Session
}

/** The way there does not matter to who is told of it, and no cache may keep who it is. */
const noStore = { "cache-control": "no-store" }

export const sessionRoutes = (app: FastifyInstance, services: LiveServices): void => {
  const { config, directory, driver, nowMillis, sessions } = services
  const isSecure = ({ protocol }: FastifyRequest): boolean =>
    protocol === "https" || config.publicUrl?.startsWith("https:") === true

  const signedIn = (request: FastifyRequest, role: SessionRole): SignedIn | undefined => {
    const token = sessionTokenOf(request, role)
    const session = token === undefined ? undefined : sessions.find(token, role)
    const key = session === undefined ? undefined : directory.keys.get(session.key)
    return session === undefined || key === undefined || keyState(key, nowMillis()) !== "valid"
      ? undefined
      : { key, session }
  }
  const viewOf = (account: SignedIn | undefined, admin: SignedIn | undefined): SessionView => {
    const record =
      account?.key.account === undefined ? undefined : directory.accounts.get(account.key.account)
    return {
      account:
        account === undefined || record === undefined
          ? null
          : {
              account_id: record.publicId,
              name: record.name,
              key_id: account.key.publicId,
              ends_at: secondsOf(account.session.endsAtMillis),
              has_recovery_code: record.recoveryHash !== undefined,
              is_limited: account.key.limit !== undefined,
            },
      admin:
        admin === undefined
          ? null
          : { key_id: admin.key.publicId, ends_at: secondsOf(admin.session.endsAtMillis) },
    }
  }

  app.post<{ Body: Bodies.SignIn }>(
    "/session",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "Sign in on the gateway's pages: a cookie stands in for the key. For pages alone",
        body: Bodies.SignIn,
        answers: { 201: SessionView },
        errors: [401, 403],
      }),
    },
    async (request, reply) => {
      if (!isOwnPage(request)) throw notFromHere()
      const key = directory.keyByHash(hashOf(request.body.key.trim()))
      if (key === undefined || keyState(key, nowMillis()) !== "valid")
        throw unknownKey(key, nowMillis())
      const { role } = key
      if (!isSessionRole(role)) throw hostKey()
      const before = sessionTokenOf(request, role)
      if (before !== undefined) sessions.end(before)
      const { token, session } = sessions.begin({ ...key, role })
      const maxAgeSeconds = Math.floor((session.endsAtMillis - nowMillis()) / 1000)
      const options = { maxAgeSeconds, isSecure: isSecure(request) }
      const own = { key, session }
      const view =
        role === "account"
          ? viewOf(own, signedIn(request, "admin"))
          : viewOf(signedIn(request, "account"), own)
      return reply
        .status(201)
        .headers({
          ...noStore,
          "set-cookie": cookieHeader(sessionCookie(role, request), token, options),
        })
        .send(view)
    },
  )
  app.get(
    "/session",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "Who is signed in on the gateway's pages in this browser",
        answers: { 200: SessionView },
      }),
    },
    async (request, reply) =>
      reply.headers(noStore).send(viewOf(signedIn(request, "account"), signedIn(request, "admin"))),
  )
  app.delete<{ Querystring: Bodies.SignOut }>(
    "/session",
    {
      schema: routeSchema({
        tag: "Accounts",
        summary: "Sign out: the session ends here and at the gateway",
        query: Bodies.SignOut,
        answers: { 200: SessionView },
        errors: [403],
      }),
    },
    async (request, reply) => {
      if (!isOwnPage(request)) throw notFromHere()
      const roles = request.query.role === undefined ? sessionRoles : [request.query.role]
      for (const role of roles) {
        const token = sessionTokenOf(request, role)
        if (token !== undefined) sessions.end(token)
      }
      // Whoever was told that they are signed out is, whatever becomes of the gateway.
      await driver.durable()
      const gone = { maxAgeSeconds: 0, isSecure: isSecure(request) }
      return reply
        .headers({
          ...noStore,
          "set-cookie": roles.map((role) => cookieHeader(sessionCookie(role, request), "", gone)),
        })
        .send(viewOf(signedIn(request, "account"), signedIn(request, "admin")))
    },
  )
}

/** Whoever rotates the key that they are signed in with goes on with the new one. */
export const keepSignedIn = (
  { sessions }: Pick<LiveServices, "sessions">,
  request: FastifyRequest,
  from: KeyRecord,
  to: KeyRecord,
): void => {
  const token = isSessionRole(from.role) ? sessionTokenOf(request, from.role) : undefined
  if (token !== undefined) sessions.follow(token, from, to)
}

const refused = (status: 401 | 403, code: string, message: string): HttpError =>
  new HttpError({
    status,
    type: status === 401 ? "authentication_error" : "permission_error",
    code,
    message,
  })

const unknownKey = (key: KeyRecord | undefined, nowMillis: number): HttpError =>
  refused(
    401,
    "invalid_api_key",
    key === undefined
      ? "This key is not known here. Check that all of it was copied, from sk_live_ (or ak_live_) to its last letter"
      : `This key has ${keyState(key, nowMillis) === "revoked" ? "been revoked" : "expired"}. Use another one, or the account's recovery code`,
  )

const hostKey = (): HttpError =>
  refused(403, "wrong_key_role", "This is the key of a host. Sign in with the key of its account")

const notFromHere = (): HttpError =>
  refused(
    403,
    "not_from_its_pages",
    "Sessions are for the gateway's own pages; programs send their key as `Authorization: Bearer …`",
  )
