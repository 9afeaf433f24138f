/** Opening an account: the kernel gives it its gift, the directory its name and its first key. */
import { HttpError } from "../http/http-error.ts"
import type { LiveServices } from "../directory/services.ts"
import type { AccountRecord } from "../directory/records.ts"
import type { NewKey } from "../directory/keys.ts"
import { makeKey } from "../directory/keys.ts"
import { newPublicId } from "../http/secrets.ts"

export interface OpenedAccount {
  readonly account: AccountRecord
  readonly key: NewKey
}

/** Facts and records go into one commit: wait for `driver.durable()` before telling anybody. */
export const openAccount = (
  services: Pick<LiveServices, "driver" | "directory" | "nowMillis">,
  name: string,
): OpenedAccount => {
  const { driver, directory, nowMillis } = services
  const id = directory.accounts.nextId()
  const rejection = driver.submit({ _tag: "AccountOpened", account: id })
  if (rejection !== undefined)
    throw new HttpError({
      status: 500,
      type: "server_error",
      code: "account_not_opened",
      message: `The market refused to open the account: ${rejection}`,
    })
  const account = { id, publicId: newPublicId("acct"), name, createdAtMillis: nowMillis() }
  directory.accounts.put(account)
  return { account, key: makeKey(services, { role: "account", account: id, name: "first key" }) }
}
