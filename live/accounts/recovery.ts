/**
 * The way back into an account whose keys are lost, or stolen: a code that its owner keeps apart. It is
 * used up by one recovery, which ends all keys of the account and makes a new key and a new code. As of
 * keys, only its hash is kept.
 */
import { HttpError } from "../http/http-error.ts"
import { hashOf, newSecret } from "../http/secrets.ts"
import { keyState } from "../directory/authentication.ts"
import type { NewKey } from "../directory/keys.ts"
import { makeKey } from "../directory/keys.ts"
import type { AccountRecord } from "../directory/records.ts"
import type { LiveServices } from "../directory/services.ts"

type RecoveryServices = Pick<LiveServices, "directory" | "nowMillis">

/** Gives a new code, in the place of the one before. */
export const renewRecoveryCode = (
  { directory }: Pick<LiveServices, "directory">,
  account: AccountRecord,
): string => {
  const { secret, hash } = newSecret("recovery")
  directory.accounts.put({ ...account, recoveryHash: hash })
  return secret
}

export interface Recovered {
  readonly account: AccountRecord
  readonly key: NewKey
  readonly recoveryCode: string
}

/** Throws for a code that is none. Keys of hosts stay: they serve, and spend nothing. */
export const recoverAccount = (services: RecoveryServices, code: string): Recovered => {
  const { directory, nowMillis } = services
  const account = directory.accountByRecovery(hashOf(code.trim()))
  if (account === undefined)
    throw new HttpError({
      status: 401,
      type: "authentication_error",
      code: "invalid_recovery_code",
      param: "recovery_code",
      message:
        "This recovery code is not known: it has to be whole, from rc_live_ on, and the latest of its account, which is used up by one recovery",
    })
  const now = nowMillis()
  for (const key of directory.keys.all())
    if (key.role === "account" && key.account === account.id && keyState(key, now) === "valid")
      directory.keys.put({ ...key, revokedAtMillis: now })
  const key = makeKey(services, { role: "account", account: account.id, name: "after recovery" })
  return { account, key, recoveryCode: renewRecoveryCode(services, account) }
}
